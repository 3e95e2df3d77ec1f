import AdminAPI
import Billing
import Foundation
import Logging
import NIOCore
import NIOPosix
import Proxy
import ServiceLifecycle
import Tenancy
import UnixSignals

/// Builds the gateway from its parts, in the order they need each other, and runs it.
struct Assembly {
    private let configuration: Configuration
    private let logger: Logger
    private let logs: LogHandlers
    private let file: DatabaseFile
    private let journal: Journal
    private let hasher: KeyHasher
    private let adminHasher: KeyHasher
    private let ledger: Ledger
    private let directory: Directory
    private let control: ControlPlane
    private let credential: AdminCredential?
    private let metrics: ProxyMetrics
    private let spans: SpanExporter?
    private let dashboard: DashboardFiles
    private let server: ProxyServer
    private let listening: ListenPlan
    private let certificate: ListenerCertificate?
    private let prober: Prober
    private let backends: BackendWatch

    /// Opens the database and loads everything; throws `StartRefusal` for what the operator must mend.
    init(_ configuration: Configuration, environment: [String: String], logs: LogHandlers) async throws {
        self.configuration = configuration
        self.logs = logs
        let logger = logs.logger
        self.logger = logger
        let time = SystemClock()
        let given = try Self.masterKey(configuration, environment)
        listening = try ListenPlan(configuration, sockets: InheritedSocket.all(environment))
        certificate = try Self.certificate(configuration.tls, at: time.now(), logger: logger)
        dashboard = try Self.dashboard(configuration.dashboard, logger: logger)
        let metrics = ProxyMetrics()
        self.metrics = metrics
        file = try Self.openDatabase(configuration, at: time.now(), logger: logger)
        let operators = AdminKeyDirectory(try file.read { try TenancyStore.adminKeys($0, limit: .max) })
        credential = try BootstrapCredential.resolve(configuration.adminKey, environment: environment) {
            operators.hasAdmin(at: time.now())
        }
        try ProcessLimits.raiseOpenFiles()
        ProcessHeap.bound(arenas: ProcessLimits.usableCores)

        journal = Journal(file: file, holdSync: configuration.holdSync, time: time, logger: logger) { reason in
            logger.critical("the ledger cannot be trusted any more", metadata: ["reason": "\(reason)"])
            logs.finish()
            exit(1)
        }
        let (masterKey, digestKey) = try await Self.claim(given, journal: journal, logger: logger)
        let prices = PriceBook(try file.read { try BillingStore.prices($0) })
        ledger = try Ledger(file: file, journal: journal, time: time, logger: logger)
        CutOffCalls.tell(ledger.uncertainHolds(), logger)
        directory = try Self.loadDirectory(file)
        let quotas = QuotaMeter(time: time)
        try QuotaDays.seed(quotas, directory: directory, file: file, at: time.now())
        let cooldowns = try file.read { db in try CooldownStore.cooldowns(db, after: time.now()) }
        backends = BackendWatch(journal: journal, logger: logger, stored: cooldowns)
        let router = try Self.router(
            configuration, file, masterKey: masterKey, watch: backends, cooldowns: cooldowns, time: time)
        prober = Prober(router: router, upstream: configuration.upstream, time: time)

        hasher = KeyHasher(cost: configuration.argon2, workers: 1, time: time)
        let keyRing = KeyRing(
            directory: directory, hasher: hasher, cost: configuration.argon2, time: time,
            rehash: Self.rehash(journal: journal, directory: directory, logger: logger))
        adminHasher = KeyHasher(cost: configuration.argon2, workers: 1, time: time)
        let adminKeys = Self.adminKeys(
            configuration, operators, journal: journal, hasher: adminHasher, time: time, logger: logger)
        let tracer = configuration.telemetry.map { Tracer(sharePPM: $0.samplePPM) }
        spans = Self.spans(configuration, tracer, time: time, logger: logger)
        let plane = DataPlane(
            directory: directory, keyRing: keyRing, quotas: quotas, ledger: ledger, prices: prices, router: router,
            metrics: metrics, tracer: tracer, limits: configuration.limits,
            trustedProxies: configuration.trustedProxies, upstream: configuration.upstream, time: time, logger: logger,
            requestLog: logs.requests)
        try configuration.checkAuthorities()
        server = try ProxyServer(plane: plane, loopCount: ProcessLimits.usableCores)
        control = ControlPlane(
            file: file, journal: journal, ledger: ledger, prices: prices, directory: directory, keyRing: keyRing,
            hasher: hasher, adminKeys: adminKeys, adminHasher: adminHasher, quotaMeter: quotas, router: router,
            prober: prober, masterKey: masterKey, digestKey: digestKey, upstream: configuration.upstream,
            metrics: metrics, billing: configuration.billing, time: time, logger: logger, version: Tollgate.version)
    }

    /// Serves until SIGTERM or SIGINT, then drains, settles everything, and closes the database. On SIGHUP `load` gives
    /// the settings again.
    func run(reloading load: @escaping @Sendable () throws -> Configuration) async throws {
        let logger = logger
        let gate = StartGate()
        let admin = ListeningService(
            plane: "admin", address: listening.admin.address,
            base: AdminServer(
                plane: control, credential: credential, trustedProxies: configuration.trustedProxies,
                dashboard: dashboard, source: listening.admin.source, certificate: certificate,
                headerTimeoutMS: configuration.limits.headerTimeoutMS,
                bound: Self.announce("admin", listening.admin, gate, logger)))
        let backups = BackupStatus(everyMS: configuration.backup?.everyMS ?? 0)
        let reloads = ReloadStatus()
        let exposition = ListeningService(
            plane: "metrics", address: listening.metrics.address,
            base: MetricsServer(
                plane: control, metrics: metrics,
                sources: MetricsSources(
                    backups: configuration.backup == nil ? nil : backups, reloads: reloads, certificate: certificate,
                    spans: spans, droppedLogLines: { [logs] in logs.sink.dropped }),
                source: listening.metrics.source, headerTimeoutMS: configuration.limits.headerTimeoutMS,
                bound: Self.announce("metrics", listening.metrics, gate, logger)))
        let proxy = ListeningService(
            plane: "data", address: listening.data.address,
            base: ProxyService(
                server: server, place: listening.data, certificate: certificate, gate: gate, logger: logger))
        let reload = ReloadService(
            running: configuration, load: load, threshold: logs.threshold, server: server, certificate: certificate,
            status: reloads, logger: logger)
        let releases = UncertainReleaseService(
            ledger: ledger, directory: directory, time: SystemClock(), logger: logger)
        let alerts = AlertService(
            ledger: ledger, webhooks: control.webhooks, backends: backends, detailMS: configuration.detailMS,
            logger: logger)
        let traffic = TrafficService(traffic: control.traffic)
        let folds = UsageFoldService(UsageFolding(file: file, journal: journal, logger: logger))
        let copies = configuration.backup.map { settings in
            BackupService(settings, file: file, status: backups, time: SystemClock(), logger: logger)
        }
        // Services stop in reverse order: the data plane drains while the Admin API still answers.
        let services: [(any Service)?] = [
            copies, spans.map(TraceService.init), admin, exposition, reload, releases, alerts,
            PeriodService(periods: control.periods), folds, ProbeService(prober: prober), traffic,
            ClockService(time: SystemClock(), logger: logger), HeapService(), proxy,
        ]
        let group = ServiceGroup(
            services: services.compactMap(\.self),
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        defer { close() }
        try await group.run()
        logger.info("stopped")
    }

    private func close() {
        hasher.shutdown()
        adminHasher.shutdown()
        journal.close()
        do {
            try file.close()
        } catch {
            logger.error("the database did not close cleanly", metadata: ["reason": "\(error)"])
        }
    }

    private static func announce(
        _ plane: String, _ place: ListenPlan.Place, _ gate: StartGate, _ logger: Logger
    ) -> @Sendable (Int) -> Void {
        { port in
            let address = ListenAddress(host: place.address.host, port: port == 0 ? place.address.port : port)
            logger.info("listening", metadata: ["plane": "\(plane)", "address": "\(address)"])
            gate.arrive()
        }
    }

    // MARK: Parts

    private static func masterKey(
        _ configuration: Configuration, _ environment: [String: String]
    ) throws -> MasterKey {
        do {
            return try configuration.masterKey(environment)
        } catch {
            throw StartRefusal(reason: "\(error)")
        }
    }

    private static func openDatabase(
        _ configuration: Configuration, at now: Timestamp, logger: Logger
    ) throws -> DatabaseFile {
        let path = configuration.storagePath
        let backups = configuration.backup.map { BackupFolder(directory: $0.directory) }
        do {
            let file = try GatewayDatabase.open(path: path, backups: backups)
            if file.isFresh { logger.notice("database made", metadata: ["path": "\(path)"]) }
            return file
        } catch {
            let way = LostDatabase.way(out: error, path: path, newest: backups?.newest(at: now)?.path)
            throw StartRefusal(reason: "storage \(path): \(RefusalWords.text(for: error))\(way)")
        }
    }

    /// What listeners prove themselves with. One that has ended is taken, since some clients do not mind, and is said.
    private static func certificate(
        _ files: TLSFiles?, at now: Timestamp, logger: Logger
    ) throws -> ListenerCertificate? {
        guard let files else { return nil }
        let certificate = try files.load()
        let facts: Logger.Metadata = ["file": "\(files.certificate)", "ends": "\(certificate.endsAt.rfc3339)"]
        if certificate.endsAt > now {
            logger.info("TLS on the data plane and the Admin API", metadata: facts)
        } else {
            logger.error("the certificate has ended: clients will refuse it", metadata: facts)
        }
        return certificate
    }

    /// The dashboard; none, and a warning, where no folder was named and none is installed.
    private static func dashboard(_ settings: DashboardSettings, logger: Logger) throws -> DashboardFiles {
        if let files = try settings.load() { return files }
        logger.warning("there is no dashboard: its files are not installed; see dashboard.directory")
        return DashboardFiles()
    }

    /// The database remembers which master key sealed its secrets; another one is refused before it does harm.
    private static func claim(
        _ given: MasterKey, journal: Journal, logger: Logger
    ) async throws -> (MasterKey, digestKey: [UInt8]) {
        let claimed = try await journal.write { db -> (MasterKey, [UInt8])? in
            guard let key = try MasterKeyStore.claim(db, given) else { return nil }
            do {
                return (key, try MasterKeyStore.digestKey(db, key))
            } catch is MasterKeyError {
                throw StartRefusal(reason: "storage: the request_digest_key in its table settings is damaged")
            }
        }
        guard let claimed else {
            let reason = "it is not the one this database was made with, or its table settings is damaged"
            throw StartRefusal(reason: "master_key: \(reason)")
        }
        if claimed.0.checkValue != given.checkValue {
            logger.warning("the master key was replaced: put the new one in the place of the former, then finish")
        }
        return claimed
    }

    /// The router with its tables and the cooldowns that an earlier process was asked for.
    private static func router(
        _ configuration: Configuration, _ file: DatabaseFile, masterKey: MasterKey, watch: BackendWatch,
        cooldowns: [StoredCooldown], time: any TimeSource
    ) throws -> PoolRouter {
        let snapshot = try file.read { db in try RoutingStore.snapshot(db) }
        let router = PoolRouter(
            time: time, settings: configuration.routing,
            alarm: { nanoseconds, ring in
                MultiThreadedEventLoopGroup.singleton.any().scheduleTask(in: .nanoseconds(nanoseconds), ring)
            },
            observe: { watch.note($0) })
        router.install(snapshot, masterKey: masterKey)
        router.restore(cooldowns)
        return router
    }

    private static func spans(
        _ configuration: Configuration, _ tracer: Tracer?, time: any TimeSource, logger: Logger
    ) -> SpanExporter? {
        guard let settings = configuration.telemetry, let tracer else { return nil }
        return SpanExporter(
            tracer: tracer, endpoint: settings.endpoint, version: Tollgate.version, timeoutMS: 10_000,
            policy: configuration.upstream, time: time, logger: logger)
    }

    private static func loadDirectory(_ file: DatabaseFile) throws -> Directory {
        try file.read { db in
            Directory(tenants: try TenancyStore.allTenants(db), keys: try TenancyStore.allKeys(db))
        }
    }

    /// Stores a hash made at today's cost, after a key hashed at another cost was proven.
    private static func rehash(
        journal: Journal, directory: Directory, logger: Logger
    ) -> @Sendable (PublicID, String) -> Void {
        { publicID, phc in
            Task {
                do {
                    _ = try await journal.write { db in
                        let id = try TenancyStore.replacePHC(db, publicID: publicID.text, phc: phc)
                        return try TenancyStore.keyProfile(db, id)
                    } committed: { profile in
                        if let profile { directory.put(profile) }
                    }
                } catch {
                    logger.warning("a key could not be rehashed", metadata: ["reason": "\(error)"])
                }
            }
        }
    }

    private static func adminKeys(
        _ configuration: Configuration, _ directory: AdminKeyDirectory, journal: Journal, hasher: KeyHasher,
        time: any TimeSource, logger: Logger
    ) -> AdminKeyRing {
        AdminKeyRing(directory: directory, hasher: hasher, cost: configuration.argon2, time: time) { id, phc in
            Task {
                do {
                    try await journal.write { db in
                        try TenancyStore.replacePHC(db, adminPublicID: id.text, phc: phc)
                    } committed: {
                        directory.replacePHC(phc, of: id)
                    }
                } catch {
                    logger.warning("an admin key could not be rehashed", metadata: ["reason": "\(error)"])
                }
            }
        }
    }
}
