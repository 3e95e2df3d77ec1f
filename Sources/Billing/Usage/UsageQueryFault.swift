/// What is wrong with one parameter of a usage query.
public struct UsageQueryFault: Error, Sendable, Equatable {
    /// Its name, such as `group_by`.
    public let parameter: String
    /// What it must be, to follow the name.
    public let detail: String

    /// A fault of that parameter.
    public init(parameter: String, detail: String) {
        self.parameter = parameter
        self.detail = detail
    }
}
