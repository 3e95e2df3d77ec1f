import ArgumentParser
import Tenancy

/// A resource together with the options its commands take.
protocol ResourceKind: Sendable {
    /// The options of `list`.
    associatedtype Listing: ListScope = WholeList
    /// The options of `create`.
    associatedtype Creation: CreateScope = NamedCreation

    static var resource: Resource { get }
    static var verbs: [any ParsableCommand.Type] { get }

    /// What `show` shows of one: what is known beside the resource itself added.
    static func shown(_ entry: JSONValue, _ client: AdminClient, at now: Timestamp) throws -> JSONValue
    /// What the table of `list` shows.
    static func listed(_ entries: [JSONValue], _ client: AdminClient, at now: Timestamp) throws -> [JSONValue]
}

extension ResourceKind {
    static func shown(_ entry: JSONValue, _ client: AdminClient, at now: Timestamp) throws -> JSONValue { entry }

    static func listed(_ entries: [JSONValue], _ client: AdminClient, at now: Timestamp) throws -> [JSONValue] {
        entries
    }
}
