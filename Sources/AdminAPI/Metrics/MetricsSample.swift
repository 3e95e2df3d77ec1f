import Billing
import Proxy
import Tenancy

/// All figures of one scrape, taken at once.
struct MetricsSample: Sendable {
    /// Budgets beyond these are left out and counted, so that a scrape stays bounded.
    static let budgetLimit = 10_000

    var proxy: ProxyMetricsSnapshot
    var budgets: [BudgetState] = []
    var budgetsLeftOut = 0
    /// Names of the budgets' tenants, as the other families are labelled; one that is gone has only its id.
    var tenantNames: [ID<Tenant>: String] = [:]
    var pools: [PoolStatus] = []
    var ledger = LedgerCounters()
    var hasher = KeyHasherCounters()
    var keyHits: UInt64 = 0
    var keyMisses: UInt64 = 0
    var process = ProcessUsage()
    /// Nil where none are made.
    var backups: BackupStatus.Figures?
    var reloads = ReloadStatus.Figures()
    /// When the listeners' certificate ends, and connections that ended within their handshake; nil without TLS.
    var certificate: (endsAt: Timestamp, failedHandshakes: UInt64)?
    var droppedLogLines: UInt64 = 0
    /// Nil where no calls are recorded.
    var spans: SpanExporter.Counters?
    /// Bytes on the database's disk; nil where the system does not say.
    var diskFree: UInt64?
    /// By plane and then by code.
    var refusals: [(plane: String, counts: [String: UInt64])] = []
    var version = ""

    /// The figures as they are now.
    static func take(
        plane: ControlPlane, metrics: ProxyMetrics, sources: MetricsSources
    ) -> MetricsSample {
        var sample = MetricsSample(proxy: metrics.snapshot())
        let budgets = plane.ledger.allStates(limit: budgetLimit)
        sample.budgets = budgets.states
        sample.budgetsLeftOut = budgets.leftOut
        for tenant in Set(sample.budgets.map(\.budget.tenantID)) {
            sample.tenantNames[tenant] = plane.directory.tenant(tenant)?.tenant.name
        }
        sample.pools = plane.router.status()
        sample.ledger = plane.ledger.counters
        sample.diskFree = FreeSpace(path: plane.file.path)?.free
        sample.hasher = plane.hasher.counters
        sample.keyHits = plane.keyRing.counters.hits
        sample.keyMisses = plane.keyRing.counters.misses
        sample.process = .current()
        sample.backups = sources.backups?.figures
        sample.reloads = sources.reloads.figures
        sample.certificate = sources.certificate.map { ($0.endsAt, $0.failedHandshakes) }
        sample.spans = sources.spans?.counters
        sample.droppedLogLines = sources.droppedLogLines()
        sample.refusals = [plane.adminRefusals, plane.metricsRefusals].map { ($0.plane, $0.figures) }
        sample.version = plane.version
        return sample
    }
}
