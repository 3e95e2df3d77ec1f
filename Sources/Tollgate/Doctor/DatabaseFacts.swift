import Billing
import Foundation
import Proxy
import Tenancy

/// What `doctor` reads from the database, in one snapshot and without changing anything.
struct DatabaseFacts: Sendable {
    /// Unless they are of this version, its tables were not read.
    let schema: SchemaState
    /// What SQLite found wrong.
    let faults: [String]
    /// Which master key seals what it holds.
    let masterKey: MasterKeyState
    let newestEntry: Timestamp?
    let uncertain: [StoredHold]
    /// Holds in the file beside it whose attempts have no end in the ledger.
    let openHolds: [StoredHold]
    let routing: RoutingSnapshot
    let tenants: [TenantProfile]
    let budgets: [Budget]
    let prices: [PriceVersion]
    /// Those not revoked.
    let adminKeys: [AdminKey]

    /// Throws what the database or the file of holds cannot tell.
    init(path: String) throws {
        // The file first: a call that ends in between has then its end in the ledger.
        let held = try HoldFileReader.holds(besideDatabase: path)
        let file = try DatabaseFile.openReadOnly(path: path)
        defer { try? file.close() }
        let schema = try GatewayDatabase.schema(of: file)
        self = try file.read { db in
            guard schema == .current else {
                return DatabaseFacts(schema: schema, faults: try DatabaseCheckStore.quickCheck(db))
            }
            return DatabaseFacts(
                faults: try DatabaseCheckStore.quickCheck(db),
                masterKey: try MasterKeyStore.state(db),
                newestEntry: try LedgerCheckStore.newestEntry(db),
                uncertain: try LedgerCheckStore.uncertainHolds(db),
                openHolds: try LedgerCheckStore.open(db, among: held), routing: try RoutingStore.snapshot(db),
                tenants: try TenancyStore.allTenants(db), budgets: try BillingStore.budgets(db),
                prices: try BillingStore.prices(db), adminKeys: try TenancyStore.adminKeys(db, limit: .max))
        }
    }

    init(
        schema: SchemaState = .current, faults: [String] = [], masterKey: MasterKeyState = MasterKeyState(),
        newestEntry: Timestamp? = nil,
        uncertain: [StoredHold] = [], openHolds: [StoredHold] = [], routing: RoutingSnapshot = RoutingSnapshot(),
        tenants: [TenantProfile] = [], budgets: [Budget] = [], prices: [PriceVersion] = [],
        adminKeys: [AdminKey] = []
    ) {
        self.schema = schema
        self.faults = faults
        self.masterKey = masterKey
        self.newestEntry = newestEntry
        self.uncertain = uncertain
        self.openHolds = openHolds
        self.routing = routing
        self.tenants = tenants
        self.budgets = budgets
        self.prices = prices
        self.adminKeys = adminKeys
    }

    // MARK: Prices

    /// Models without a price: those that a capped tenant is refused, with the tenant, and the others.
    func unpriced(at now: Timestamp) -> (refused: [(model: String, tenant: String)], free: [String]) {
        // Tiers and thresholds add to the standard price; alone they price nothing.
        let standard = prices.filter {
            $0.kind == .tenant && $0.tier == nil && $0.aboveTokens == nil && $0.effectiveFrom <= now
        }
        let current = Dictionary(grouping: standard, by: \.model).mapValues { Set($0.map(\.tenantID)) }
        var refused: [(String, String)] = []
        var free: [String] = []
        for model in routing.models {
            // For whom it has a price; nil: for all.
            let priced = current[model.name] ?? []
            if priced.contains(nil) { continue }
            let tenants = tenants.filter { !priced.contains($0.tenant.id) && isCapped($0, for: model) }
                .map { (model.name, $0.tenant.name) }
            refused += tenants
            if tenants.isEmpty { free.append(model.name) }
        }
        return (refused, free)
    }

    /// Models with a price at that instant.
    func pricedCount(at now: Timestamp) -> Int {
        routing.models.count - unpricedNames(at: now).count
    }

    private func unpricedNames(at now: Timestamp) -> Set<String> {
        let (refused, free) = unpriced(at: now)
        return Set(refused.map(\.model) + free)
    }

    /// Whether the tenant may use the model in a pool for which one of its hard budgets counts.
    private func isCapped(_ profile: TenantProfile, for model: ModelDefinition) -> Bool {
        guard profile.tenant.archivedAt == nil else { return false }
        let pools = model.targets.map(\.pool).filter { profile.isEntitled(pool: $0, model: model.name) }
        return budgets.contains { budget in
            budget.tenantID == profile.tenant.id && budget.mode == .hard
                && (budget.model == nil || budget.model == model.name)
                && pools.contains { budget.pool == nil || budget.pool == $0 }
        }
    }

    // MARK: Routing

    /// By model, the backends that serve it, as `pool/name`; drained ones do not.
    func backendsByModel() -> [String: Set<String>] {
        let byPool = Dictionary(grouping: routing.backends.filter { !$0.draining }, by: \.pool)
        return Dictionary(
            routing.models.map { model in
                let names = model.targets.flatMap { byPool[$0.pool] ?? [] }.map { "\($0.pool)/\($0.name)" }
                return (model.name, Set(names))
            }
        ) { first, _ in first }.filter { !$0.value.isEmpty }
    }
}
