import ArgumentParser
import Tenancy

/// `tollgate prices`; a published price never changes and is never deleted.
enum Prices: ResourceKind {
    static let resource = Resource(
        name: "prices", singular: "price", naming: .id,
        columns: [
            "model", "per_million", "per_unit", "effective_from", "tier", "above_tokens", "kind", "tenant",
            "backend_id", "id",
        ], fields: Field.price)

    static var verbs: [any ParsableCommand.Type] {
        [
            ListCommand<Prices>.self, ShowPrices.self, CreateCommand<Prices>.self, ImportPrices.self,
            ListPriceImports.self,
        ]
    }

    /// With the names of tenants, where a price was agreed with one.
    static func listed(_ entries: [JSONValue], _ client: AdminClient, at now: Timestamp) throws -> [JSONValue] {
        entries.contains { $0["tenant_id"] != .null } ? try client.namingTenants(entries) : entries
    }

    struct Listing: ListScope {
        @Option(help: "Only this model's.")
        var model: String?

        @Option(help: "Only what was agreed with this tenant, by id or name.")
        var tenant: String?

        func path(of resource: Resource, _ client: AdminClient) throws -> String {
            let id = try tenant.map { try client.tenantID($0) }
            return PathText.join(resource.name, query: ["model": model, "tenant_id": id])
        }
    }

    struct Creation: CreateScope {
        @Option(help: "The model's name.")
        var model: String?

        @Option(help: "The only tenant it is for, by id or name.")
        var tenant: String?

        func settings(_ client: AdminClient) throws -> [String: String] {
            let id = try tenant.map { try client.tenantID($0) }
            return ["model": model, "tenant_id": id].compactMapValues { $0 }
        }
    }
}
