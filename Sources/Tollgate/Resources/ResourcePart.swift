/// What one of a resource has several of, listed by a command of its own: a budget's raises.
protocol ResourcePart: Sendable {
    associatedtype Kind: ResourceKind
    /// The command, and the last segment of the path.
    static var name: String { get }
    static var abstract: String { get }
    /// What the list shows.
    static var columns: [String] { get }
}
