import Tenancy

/// What stands below a project in a path.
extension ControlPlane {
    /// The tenant named in the path, unless it is archived.
    func project(_ context: AdminContext) throws -> TenantProfile {
        guard let profile = directory.tenant(ID(try context.parameter("project"))) else {
            throw Problem.notFound("project")
        }
        return profile
    }

    /// The key named in the path, unless it is revoked or another tenant's.
    func projectKey(_ parameter: String, _ context: AdminContext) throws -> KeyProfile {
        let project = try project(context)
        let id = ID<APIKey>(try context.parameter(parameter))
        guard let profile = directory.key(id), profile.key.tenantID == project.tenant.id else {
            throw Problem.notFound("key in the project")
        }
        return profile
    }

    /// A page of a project's keys.
    func projectKeys(_ page: OrganizationPage, of tenant: ID<Tenant>) throws -> [APIKey] {
        try file.read { db in
            try TenancyStore.keys(db, tenant: tenant, after: page.after, limit: page.limit + 1)
        }
    }
}
