/// Why a text is not the JSON we take, and where.
struct JSONSyntaxError: Error, Sendable, Equatable {
    let detail: String
    /// Bytes before the fault.
    let offset: Int
}
