public import Billing
public import Logging
import Synchronization
public import Tenancy

/// Everything the event loops share; built once, never replaced.
public final class DataPlane: Sendable {
    let directory: Directory
    let keyRing: KeyRing
    let admission: AdmissionController
    let quotas: QuotaMeter
    let ledger: Ledger
    let router: PoolRouter
    let prices: PriceBook
    let estimator: UsageEstimator
    let usage: UsageReader
    let asks = AskQueue()
    let metrics: ProxyMetrics
    /// Nil where no call is recorded.
    let tracer: Tracer?
    let retries: RetryPolicy
    let trustedProxies: [AddressRange]
    let upstream: UpstreamPolicy
    let time: any TimeSource
    let logger: Logger
    let requestLog: RequestLog
    let bodyBytes = Atomic<Int>(0)
    private let limitsNow: Mutex<GatewayLimits>
    private let bodyMemory: Atomic<Int>
    let connections = Atomic<Int>(0)
    let isDraining = Atomic<Bool>(false)

    /// Composes the data plane from its parts.
    public init(
        directory: Directory, keyRing: KeyRing, quotas: QuotaMeter, ledger: Ledger, prices: PriceBook,
        router: PoolRouter, metrics: ProxyMetrics, tracer: Tracer? = nil, limits: GatewayLimits,
        trustedProxies: [AddressRange], upstream: UpstreamPolicy, time: any TimeSource, logger: Logger,
        requestLog: RequestLog = .off
    ) {
        self.directory = directory
        self.keyRing = keyRing
        self.quotas = quotas
        self.ledger = ledger
        self.router = router
        self.prices = prices
        self.metrics = metrics
        limitsNow = Mutex(limits)
        bodyMemory = Atomic(limits.bodyMemory)
        self.tracer = tracer
        self.time = time
        self.logger = logger
        self.requestLog = requestLog
        self.trustedProxies = trustedProxies
        self.upstream = upstream
        usage = UsageReader { query in try ledger.usagePage(query) }
        estimator = UsageEstimator()
        retries = RetryPolicy(maxAttempts: router.settings.maxAttempts)
        admission = AdmissionController(
            directory: directory, router: router, prices: prices, quotas: quotas, ledger: ledger)
    }

    /// The limits in force; the loops keep copies of their own.
    var limits: GatewayLimits { limitsNow.withLock { $0 } }

    func take(_ limits: GatewayLimits) {
        limitsNow.withLock { $0 = limits }
        bodyMemory.store(limits.bodyMemory, ordering: .relaxed)
    }

    /// Counts `bytes` of a body against the memory all bodies may take; false when they do not fit. Its last eighth is
    /// for small bodies, so that whoever keeps large ones waiting does not keep everybody else out.
    func reserveBody(_ bytes: Int, isSmall: Bool) -> Bool {
        let total = bodyBytes.wrappingAdd(bytes, ordering: .relaxed).newValue
        let memory = bodyMemory.load(ordering: .relaxed)
        if total <= (isSmall ? memory : memory - memory / 8) { return true }
        releaseBody(bytes)
        return false
    }

    func releaseBody(_ bytes: Int) {
        bodyBytes.wrappingSubtract(bytes, ordering: .relaxed)
    }
}
