import ArgumentParser
import Tenancy

/// `tollgate keys`. A new key's text is shown once, by `create` and `rotate`.
enum Keys: ResourceKind {
    typealias Listing = TenantScope

    static let resource = Resource(
        name: "keys", singular: "key", naming: .id,
        columns: ["id", "name", "state", "public_id", "expires_at", "created_at", "models"], fields: Field.key)

    static func shown(_ entry: JSONValue, _ client: AdminClient, at now: Timestamp) throws -> JSONValue {
        entry.with("state", .string(state(of: entry, at: now)))
    }

    static func listed(_ entries: [JSONValue], _ client: AdminClient, at now: Timestamp) throws -> [JSONValue] {
        try entries.map { try shown($0, client, at: now) }
    }

    /// `active`, `expired` or `revoked`.
    static func state(of key: JSONValue, at now: Timestamp) -> String {
        if key["revoked_at"] != .null { return "revoked" }
        let expiry = key["expires_at"].string.flatMap { Timestamp(rfc3339: $0) }
        return expiry.map { $0 <= now } == true ? "expired" : "active"
    }

    static var verbs: [any ParsableCommand.Type] {
        [
            ListCommand<Keys>.self, ShowCommand<Keys>.self, CreateCommand<Keys>.self, UpdateCommand<Keys>.self,
            DeleteCommand<Keys>.self, RotateKey.self,
        ]
    }

    struct Creation: CreateScope {
        @OptionGroup var scope: TenantScope

        @Option(help: "The key's name.")
        var name: String?

        func path(of resource: Resource, _ client: AdminClient) throws -> String {
            try scope.path(of: resource, client)
        }

        func settings(_ client: AdminClient) throws -> [String: String] {
            name.map { ["name": $0] } ?? [:]
        }
    }
}
