/// What the server has, as far as a state file needs to know.
struct ServerState: Sendable {
    /// By name.
    var pools: [String: JSONValue] = [:]
    /// By pool.
    var backends: [String: [JSONValue]] = [:]
    /// By name.
    var models: [String: JSONValue] = [:]
    var prices: [JSONValue] = []
    /// Those not archived, by name.
    var tenants: [String: JSONValue] = [:]
    /// By tenant name, the answer's `pools`; only for tenants the file names.
    var entitlements: [String: JSONValue] = [:]
    /// By tenant name; only for tenants the file names.
    var quotas: [String: JSONValue] = [:]
    /// By tenant id.
    var budgets: [String: [JSONValue]] = [:]

    init() {}

    /// Asks the Admin API.
    init(_ client: AdminClient, for wanted: JSONValue) throws {
        pools = Self.byName(try client.list("/pools"))
        if wanted.members["pools"] != nil {
            for name in pools.keys { backends[name] = try client.list(PathText.join("pools", name, "backends")) }
        }
        models = Self.byName(try client.list("/models"))
        if wanted.members["prices"] != nil { prices = try client.list("/prices") }
        let isForTenants = wanted.members["tenants"] != nil
        guard isForTenants || wanted["prices"].items.contains(where: { $0.members["tenant"] != nil }) else { return }
        tenants = Self.byName(try client.list("/tenants").filter { $0["archived_at"] == .null })
        guard isForTenants else { return }
        for tenant in wanted["tenants"].items {
            guard let name = tenant["name"].string, let id = tenants[name]?["id"].string else { continue }
            entitlements[name] = try client.call("GET", PathText.join("tenants", id, "entitlements"))["pools"]
            quotas[name] = try client.call("GET", PathText.join("tenants", id, "quotas"))
        }
        budgets = Dictionary(grouping: try client.list("/budgets")) { $0["tenant_id"].plain }
    }

    private static func byName(_ entries: [JSONValue]) -> [String: JSONValue] {
        Dictionary(entries.map { ($0["name"].plain, $0) }) { first, _ in first }
    }
}
