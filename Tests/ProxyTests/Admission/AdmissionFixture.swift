import Billing
import Logging
import NIOCore
import Support
import Tenancy

@testable import Proxy

/// Everything admission asks, with one tenant that may use the pool `p`, and models in `p` and in `q`.
final class AdmissionFixture {
    let clock = ManualClock()
    let directory = Directory()
    let router = PoolRouter()
    let prices = PriceBook()
    let quotas: QuotaMeter
    let ledger: Ledger
    let controller: AdmissionController
    var tenant: Tenant
    var key: APIKey
    var entitlements = [Entitlement(pool: "p")]
    var tenantQuota = Quota.none
    var keyQuota = Quota.none
    private let models: [ModelDefinition]
    private let masterKey: MasterKey
    private let database: TemporaryDatabase
    private let file: DatabaseFile
    private let journal: Journal

    init() throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        database = try TemporaryDatabase()
        file = try DatabaseFile.open(
            path: database.path, migrations: [TenancySchema.register, RoutingSchema.register, BillingSchema.register])
        journal = Journal(file: file, time: clock, logger: logger)
        ledger = try Ledger(file: file, journal: journal, time: clock, logger: logger)
        quotas = QuotaMeter(time: clock)
        controller = AdmissionController(
            directory: directory, router: router, prices: prices, quotas: quotas, ledger: ledger)
        let (tenant, now) = (Tenant(id: ID("ten_1"), name: "one", createdAt: clock.now()), clock.now())
        self.tenant = tenant
        key = APIKey(id: ID("key_1"), tenantID: tenant.id, publicID: "0000000000", name: "k", createdAt: now)
        try file.write { try TenancyStore.insert($0, tenant: tenant) }
        models = ["m": ["p"], "other": ["q"], "wide": ["q", "p", "r"]].map { name, pools in
            ModelDefinition(
                name: name, targets: pools.map { ModelTarget(pool: $0) }, maxOutputTokens: 100, createdAt: now)
        }
        masterKey = try MasterKey(base64: MasterKey.generate())
        install([])
    }

    /// Replaces all backends; the pools and models stay.
    func install(_ backends: [BackendDefinition]) {
        let pools = ["p", "q", "r"].map { PoolDefinition(name: $0) }
        router.install(
            RoutingSnapshot(pools: pools, backends: backends, models: models), masterKey: masterKey)
    }

    deinit {
        journal.close()
        try? file.close()
    }

    /// The tenant and key as set, known to the directory too.
    var principal: Principal {
        let tenant = TenantProfile(tenant: tenant, entitlements: entitlements, quota: tenantQuota)
        let key = KeyProfile(key: key, secrets: [], quota: keyQuota)
        directory.put(tenant)
        directory.put(key)
        return Principal(tenant: tenant, key: key)
    }

    func open(_ model: String = "m", kind: AskKind = .chatCompletions) throws -> Result<Admission, Denial> {
        try open(model, kind, #""max_tokens":10,"messages":[{"role":"user","content":"hi"}]"#)
    }

    func open(_ model: String = "m", _ kind: AskKind, _ members: String) throws -> Result<Admission, Denial> {
        let body = #"{"model":"\#(model)",\#(members)}"#
        let ask = try Ask.parse(ByteBuffer(string: body), kind: kind).get()
        let now = clock.now()
        return controller.open(principal, ask: ask, requestID: RequestID.make(at: now), at: now)
    }

    /// The code and parameter of the refusal of a call of this kind; nil if it is admitted.
    func refusal(_ model: String = "m", _ kind: AskKind, _ members: String) throws -> String? {
        guard case .failure(let denial) = try open(model, kind, members) else { return nil }
        let response = DenialWords(denial)
        return response.code + (response.param.map { " " + $0 } ?? "")
    }

    /// The code of the refusal; nil if the request is admitted.
    func refusal(_ model: String = "m", kind: AskKind = .chatCompletions) throws -> String? {
        guard case .failure(let denial) = try open(model, kind: kind) else { return nil }
        return ErrorResponse(denial, shape: .openAI).code
    }

    /// A hard cap of one dollar.
    func cap() async throws {
        let budget = Budget(
            id: ID("bud_1"), tenantID: tenant.id, limit: Money(pico: 1_000_000_000_000), window: .total,
            createdAt: clock.now())
        let ledger = ledger
        _ = try await journal.write({ try ledger.insert(budget, $0) }, committed: { ledger.committed($0) })
    }

    /// Publishes a price in US dollars per million tokens, effective now.
    func publish(_ id: String, model: String = "m", input: String, output: String, tier: String? = nil) throws {
        try publish(id, model: model, Rates(perMillion: ["input": input, "output": output]), tier: tier)
    }

    func publish(_ id: String, model: String = "m", _ rates: Rates, tier: String? = nil, tenant: String? = nil) {
        prices.put(
            PriceVersion(
                id: id, model: model, tenantID: tenant.map { ID($0) }, tier: tier, effectiveFrom: clock.now(),
                publishedAt: clock.now(), rates: rates))
    }

    func remaining(_ subject: QuotaSubject, _ type: QuotaLimitType) -> Int64? {
        quotas.state(principal, at: clock.now()).first { $0.subject == subject && $0.limitType == type }?.remaining
    }
}
