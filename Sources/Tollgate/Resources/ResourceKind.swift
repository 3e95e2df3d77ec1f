import ArgumentParser

/// A resource together with the options its commands take.
protocol ResourceKind: Sendable {
    /// The options of `list`.
    associatedtype Listing: ListScope = WholeList
    /// The options of `create`.
    associatedtype Creation: CreateScope = NamedCreation

    static var resource: Resource { get }
    static var verbs: [any ParsableCommand.Type] { get }
}
