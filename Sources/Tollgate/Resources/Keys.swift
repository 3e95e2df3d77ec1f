import ArgumentParser

/// `tollgate keys`. A new key's text is shown once, by `create` and `rotate`.
enum Keys: ResourceKind {
    typealias Listing = TenantScope

    static let resource = Resource(
        name: "keys", singular: "key", naming: .id,
        columns: ["id", "public_id", "name", "created_at", "expires_at", "revoked_at"], fields: Field.key)

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
