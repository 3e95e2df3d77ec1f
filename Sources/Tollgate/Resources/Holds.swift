import ArgumentParser

/// `tollgate holds`.
enum Holds: ResourceKind {
    static let resource = Resource(
        name: "holds", singular: "hold", naming: .name,
        columns: ["id", "state", "tenant_id", "key_id", "model", "pool", "amount", "admitted_at"], fields: [])

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
            let parts = [("state", state?.rawValue), ("tenant_id", id)].compactMap { name, value in
                value.map { "\(name)=" + PathText.encoded($0, keeping: "") }
            }
            return PathText.join(resource.name) + (parts.isEmpty ? "" : "?" + parts.joined(separator: "&"))
        }
    }
}
