/// Ids from what people type.
extension AdminClient {
    /// The id of a tenant given by id or name.
    func tenantID(_ text: String) throws -> String {
        if text.hasPrefix("ten_") { return text }
        let found = try list("/tenants").first { $0["name"].string == text && $0["archived_at"] == .null }
        guard let id = found?["id"].string else { throw CommandFailure(.notFound, "no tenant is named \(text)") }
        return id
    }

    /// The id of a backend given by id or as `pool/name`.
    func backendID(_ text: String) throws -> String {
        guard !text.hasPrefix("be_"), let slash = text.lastIndex(of: "/") else { return text }
        let (pool, name) = (String(text[..<slash]), text[text.index(after: slash)...])
        let backends = try list(PathText.join("pools", pool, "backends"))
        guard let id = backends.first(where: { $0["name"].plain == name })?["id"].string else {
            throw CommandFailure(.notFound, "no backend of the pool \(pool) is named \(name)")
        }
        return id
    }

    /// The entries with the name of their tenant as `tenant`; archived ones have names too.
    func namingTenants(_ entries: [JSONValue]) throws -> [JSONValue] {
        if entries.isEmpty { return entries }
        let names = Dictionary(try list("/tenants?include_archived=true").map { ($0["id"], $0["name"]) }) { first, _ in
            first
        }
        return entries.map { $0.with("tenant", names[$0["tenant_id"]] ?? $0["tenant_id"]) }
    }

    /// The path of one resource given by what people type.
    func path(of text: String, in resource: Resource) throws -> String {
        switch resource.name {
        case "tenants": resource.path(of: try tenantID(text))
        case "backends": resource.path(of: try backendID(text))
        default: resource.path(of: text)
        }
    }
}
