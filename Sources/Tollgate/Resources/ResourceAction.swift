/// Something else that can be done with one of a resource, or asked about it: `suspend`, `state`.
protocol ResourceAction: Sendable {
    associatedtype Kind: ResourceKind
    /// The command, and the last segment of the path.
    static var verb: String { get }
    static var method: String { get }
    static var abstract: String { get }
}
