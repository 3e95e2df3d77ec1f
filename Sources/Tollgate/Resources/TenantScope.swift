import ArgumentParser

/// What belongs to one tenant.
struct TenantScope: ListScope {
    @Option(help: "The tenant, by id or name.")
    var tenant: String

    func path(of resource: Resource, _ client: AdminClient) throws -> String {
        PathText.join("tenants", try client.tenantID(tenant), resource.name)
    }
}
