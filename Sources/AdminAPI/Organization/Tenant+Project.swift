import Tenancy

extension Tenant {
    /// The tenant as a project.
    var project: JSONValue {
        [
            "id": .string(id.text),
            "object": "organization.project",
            "name": .string(name),
            "created_at": .integer(createdAt.seconds),
            "archived_at": OrganizationShapes.seconds(archivedAt),
            "status": .string(archivedAt != nil ? "archived" : suspended ? "suspended" : "active"),
        ]
    }
}
