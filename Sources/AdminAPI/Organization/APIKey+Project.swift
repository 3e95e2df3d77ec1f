import Tenancy

extension APIKey {
    /// The key as a service account, which is its holder and nothing more.
    var serviceAccount: JSONValue {
        [
            "id": .string(id.text),
            "object": "organization.project.service_account",
            "name": .string(name),
            "role": "member",
            "created_at": .integer(createdAt.seconds),
        ]
    }

    /// The key of a service account as it is shown once.
    func issued(_ text: String) -> JSONValue {
        [
            "id": .string(id.text),
            "object": "organization.project.service_account.api_key",
            "name": .string(name),
            "value": .string(text),
            "created_at": .integer(createdAt.seconds),
            "expires_at": OrganizationShapes.seconds(expiresAt),
        ]
    }

    /// The key as a project has it; it reaches nothing while its tenant is suspended.
    func projectKey(hasAccess: Bool) -> JSONValue {
        [
            "id": .string(id.text),
            "object": "organization.project.api_key",
            "name": .string(name),
            "redacted_value": OrganizationShapes.redacted("tg", publicID),
            "created_at": .integer(createdAt.seconds),
            "expires_at": OrganizationShapes.seconds(expiresAt),
            "last_used_at": nil,
            "owner_project_access": hasAccess ? "active" : "inactive",
            "owner": [
                "type": "service_account",
                "service_account": serviceAccount,
            ],
        ]
    }
}
