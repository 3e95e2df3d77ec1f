public import Billing
public import Logging
public import Proxy
public import Tenancy

/// All that admin requests read and change.
public struct ControlPlane: Sendable {
    let file: DatabaseFile
    let journal: Journal
    let ledger: Ledger
    let prices: PriceBook
    let directory: Directory
    let keyRing: KeyRing
    let hasher: KeyHasher
    let adminKeys: AdminKeyRing
    /// Apart from the tenants', so that nobody on the data plane keeps an operator waiting.
    let adminHasher: KeyHasher
    let quotaMeter: QuotaMeter
    let router: PoolRouter
    let prober: Prober
    /// Seals credentials and secrets; a rotation replaces it.
    let keys: MasterKeyHolder
    /// What digests of requests are made with.
    let digestKey: [UInt8]
    /// Sends what alerts put into the outbox; whoever runs the process makes it tick.
    public let webhooks: WebhookSender
    /// What the data plane did of late; whoever runs the process makes it tick.
    public let traffic: TrafficLog
    /// Closes months; whoever runs the process makes it sweep.
    public let periods: PeriodCloser
    /// Milliseconds between a request to close a month and its close, unless the request says otherwise.
    let closeGraceMS: Int64
    /// Makes the files of months.
    let exports = ExportThread()
    /// Manifests of closed months.
    let manifests = ManifestShelf()
    let time: any TimeSource
    let logger: Logger
    /// The product's version, as `status` and the metrics tell it.
    let version: String
    /// For the HTTP servers, whose lines about listening would repeat ours.
    let serverLogger: Logger
    /// Held by a change from its first look at what it changes.
    let turn = ChangeTurn()
    /// What the Admin API's listener refused.
    let adminRefusals: ListenerRefusals
    /// What the metrics' listener refused.
    let metricsRefusals: ListenerRefusals

    /// The parts of one running gateway, which all must share one database file.
    public init(
        file: DatabaseFile,
        journal: Journal,
        ledger: Ledger,
        prices: PriceBook,
        directory: Directory,
        keyRing: KeyRing,
        hasher: KeyHasher,
        adminKeys: AdminKeyRing,
        adminHasher: KeyHasher,
        quotaMeter: QuotaMeter,
        router: PoolRouter,
        prober: Prober,
        masterKey: MasterKey,
        digestKey: [UInt8] = SecretBytes.random(32),
        upstream: UpstreamPolicy = UpstreamPolicy(),
        metrics: ProxyMetrics = ProxyMetrics(),
        billing: BillingSettings = BillingSettings(),
        time: any TimeSource,
        logger: Logger,
        version: String
    ) {
        self.file = file
        self.journal = journal
        self.ledger = ledger
        self.prices = prices
        self.directory = directory
        self.keyRing = keyRing
        self.hasher = hasher
        self.adminKeys = adminKeys
        self.adminHasher = adminHasher
        self.quotaMeter = quotaMeter
        self.router = router
        self.prober = prober
        let keys = MasterKeyHolder(masterKey)
        self.keys = keys
        self.digestKey = digestKey
        webhooks = WebhookSender(
            file: file, journal: journal, keys: keys, upstream: upstream, time: time, logger: logger,
            version: version)
        traffic = TrafficLog(metrics: metrics, time: time)
        periods = PeriodCloser(
            file: file, journal: journal, ledger: ledger,
            sources: PeriodSources(
                party: billing.party, softwareVersion: version, routing: { try RoutingFactsStore.facts($0) }),
            time: time, logger: logger)
        closeGraceMS = billing.closeGraceMS
        self.time = time
        self.logger = logger
        var serverLogger = logger
        serverLogger.logLevel = max(logger.logLevel, .warning)
        self.serverLogger = serverLogger
        self.version = version
        adminRefusals = ListenerRefusals(plane: "admin", logger: logger)
        metricsRefusals = ListenerRefusals(plane: "metrics", logger: logger)
    }

    /// The master key as it is now. Whoever seals with it does so within `turn`, so that no rotation passes meanwhile.
    var masterKey: MasterKey { keys.current }
}
