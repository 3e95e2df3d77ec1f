import ArgumentParser
import Tenancy

/// `tollgate holds`.
enum Holds: ResourceKind {
    static let resource = Resource(
        name: "holds", singular: "hold", naming: .name,
        columns: ["id", "state", "tenant", "amount", "admitted_at", "model", "pool", "key_id"], fields: [])

    static func listed(_ entries: [JSONValue], _ client: AdminClient, at now: Timestamp) throws -> [JSONValue] {
        try client.namingTenants(entries)
    }

    static var verbs: [any ParsableCommand.Type] { [ListCommand<Holds>.self, ShowHold.self, ResolveHolds.self] }

    enum State: String, CaseIterable, ExpressibleByArgument {
        case live
        case uncertain
    }

    struct Listing: ListScope {
        @Option(help: "Only these: live or uncertain.")
        var state: State?

        @Option(help: "Only this tenant's, by id or name.")
        var tenant: String?

        func path(of resource: Resource, _ client: AdminClient) throws -> String {
            let id = try tenant.map { try client.tenantID($0) }
            return PathText.join(resource.name, query: ["state": state?.rawValue, "tenant_id": id])
        }
    }
}
