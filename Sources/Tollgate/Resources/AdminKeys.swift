import ArgumentParser
import Tenancy

/// `tollgate admin-keys`: operators' credentials. A new key's text is shown once, by `create`.
enum AdminKeys: ResourceKind {
    static let resource = Resource(
        name: "admin-keys", singular: "admin key", naming: .id,
        columns: ["id", "name", "role", "last_used_at", "expires_at", "created_at", "public_id"],
        fields: Field.adminKey)

    static var verbs: [any ParsableCommand.Type] {
        [
            ListCommand<AdminKeys>.self, ShowCommand<AdminKeys>.self, CreateCommand<AdminKeys>.self,
            DeleteCommand<AdminKeys>.self, RecoverAdminKey.self,
        ]
    }

    struct Creation: CreateScope {
        @Option(help: "The key's name.")
        var name: String?

        @Option(
            help: "What it may do: admin, finance or viewer.", completion: .list(["admin", "finance", "viewer"]))
        var role: String?

        func settings(_ client: AdminClient) throws -> [String: String] {
            let given = [("name", name), ("role", role)]
            return Dictionary(uniqueKeysWithValues: given.compactMap { name, value in value.map { (name, $0) } })
        }
    }
}
