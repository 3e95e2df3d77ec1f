import Tenancy

extension KeyProfile {
    /// The key as the API shows it; never a secret.
    var json: JSONValue {
        let secrets = secrets.map {
            JSONValue.object([
                JSONMember("public_id", .string($0.publicID)), JSONMember("not_after", .text($0.notAfter?.rfc3339)),
            ])
        }
        return .object([
            JSONMember("id", .string(key.id.text)),
            JSONMember("tenant_id", .string(key.tenantID.text)),
            JSONMember("public_id", .string(key.publicID)),
            JSONMember("name", .string(key.name)),
            JSONMember("created_at", .string(key.createdAt.rfc3339)),
            JSONMember("expires_at", .text(key.expiresAt?.rfc3339)),
            JSONMember("revoked_at", .text(key.revokedAt?.rfc3339)),
            JSONMember("models", key.models.map { .texts($0) } ?? .null),
            JSONMember("allowed_ips", .texts(key.allowedIPs)),
            JSONMember("tags", .texts(key.tags)),
            JSONMember("scope", .text(key.scope)),
            JSONMember("secrets", .array(secrets)),
        ])
    }
}

extension APIKey {
    /// Reads the fields that POST and PATCH share; `name` is the caller's.
    mutating func read(settings body: JSONObject) {
        body.nullable("expires_at", .instant).apply(to: &expiresAt)
        body.nullable("models", .texts(.reference, atMost: 256)).apply(to: &models)
        allowedIPs = body.optional("allowed_ips", .texts(.addressRange, atMost: 256)) ?? allowedIPs
        tags = body.optional("tags", .tags) ?? tags
        switch body.nullable("scope", .text()) {
        case .keep: break
        case .clear: scope = nil
        case .set(let value):
            if value != "tenant_usage" { body.fail("scope", "must be tenant_usage or null") }
            scope = value
        }
    }
}

extension FieldRule where Value == String {
    /// An address or a range of addresses.
    static var addressRange: FieldRule {
        FieldRule(["type": "string", "maxLength": .integer(64)]) { value throws(FieldFault) in
            let text = try FieldRule.text(atMost: 64).read(value)
            guard AddressRange(text) != nil else { throw FieldFault("is not an address range such as 10.0.0.0/8") }
            return text
        }
    }
}
