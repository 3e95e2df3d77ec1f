import NIOPosix
import Synchronization
public import Tenancy

/// Asks backends for their health, each at its own interval, off the event loops.
public final class Prober: Sendable {
    /// A probe's call, which waits for its end: the HTTP status.
    typealias Fetch = @Sendable (_ url: String, _ headers: [(String, String)], _ timeoutMS: Int64) throws -> Int

    /// A probe that takes longer has failed.
    static let longestProbeMS: Int64 = 5000
    /// Probes that run at once; others wait for one to end.
    private static let threads = 8
    private static let answerBytes = 4 * 1024 * 1024

    private let router: PoolRouter
    private let time: any TimeSource
    private let fetch: Fetch
    private let pool = NIOThreadPool(numberOfThreads: threads)
    private let schedule: Mutex<ProbeSchedule>

    /// A prober at rest: nobody is asked before `tick` is called.
    public convenience init(router: PoolRouter, upstream: UpstreamPolicy, time: any TimeSource) {
        self.init(router: router, time: time, seed: .random(in: 0...UInt64.max)) { url, headers, timeoutMS in
            try HTTPFetch.run(
                method: "GET", url: url, headers: headers, body: [], timeoutMS: timeoutMS, maxBody: Self.answerBytes,
                policy: upstream
            ).status
        }
    }

    init(router: PoolRouter, time: any TimeSource, seed: UInt64, fetch: @escaping Fetch) {
        self.router = router
        self.time = time
        self.fetch = fetch
        schedule = Mutex(ProbeSchedule(seed: seed))
        pool.start()
    }

    /// Starts the probes that are due.
    public func tick() {
        let backends = router.probedBackends()
        let now = time.uptime()
        let due = schedule.withLock { schedule in
            schedule.start(backends.map { ($0.definition.id, $0.definition.probe?.intervalMS ?? 0) }, at: now)
        }
        guard !due.isEmpty else { return }
        for backend in backends where due.contains(backend.definition.id) {
            pool.submit { [self] state in
                if case .active = state { _ = probe(backend) }
                schedule.withLock { $0.finish(backend.definition.id) }
            }
        }
    }

    /// Asks one backend now; its answer counts like any other. Nil when there is no such backend, or at the end of
    /// the process.
    public func probeNow(_ id: ID<BackendDefinition>) async -> ProbeResult? {
        guard let backend = router.backend(id) else { return nil }
        return try? await pool.runIfActive { self.probe(backend) }
    }

    /// Waits for the probes that run, and starts no more.
    public func stop() async {
        try? await pool.shutdownGracefully()
    }

    private func probe(_ backend: Backend) -> ProbeResult {
        let definition = backend.definition
        let limit = min(definition.probe?.intervalMS ?? Self.longestProbeMS, Self.longestProbeMS)
        let headers = Self.headers(definition.kind, backend.credential)
        let began = time.uptime()
        let result: ProbeResult
        do {
            let status = try fetch(Self.url(of: definition), headers, limit)
            result = ProbeResult(
                passed: 200..<300 ~= status, status: status, milliseconds: elapsed(since: began), error: nil)
        } catch {
            result = ProbeResult(
                passed: false, status: nil, milliseconds: elapsed(since: began), error: "\(error)")
        }
        router.probed(definition.id, error: result.passed ? nil : result.error ?? "status \(result.status ?? 0)")
        return result
    }

    /// The probe's path is counted from the origin's root; without a probe the list of models is asked for.
    public static func url(of definition: BackendDefinition) -> String {
        guard let probe = definition.probe, let address = BackendAddress(definition.baseURL) else {
            return definition.baseURL + "/models"
        }
        return address.origin + probe.path
    }

    /// The headers it is asked with: its own credential and, at Anthropic's API, the version.
    ///
    /// - Parameter masterKey: opens the credential; nil where there is none to open it with.
    /// - Throws: what `MasterKey.open` throws; `MasterKeyError.openFailed` for a credential without a master key.
    public static func headers(
        of definition: BackendDefinition,
        masterKey: MasterKey?
    ) throws -> [(String, String)] {
        guard let masterKey else {
            guard definition.sealedKey == nil else { throw MasterKeyError.openFailed }
            return headers(definition.kind, nil)
        }
        return headers(definition.kind, try definition.credential(with: masterKey))
    }

    private static func headers(
        _ kind: BackendKind,
        _ credential: (name: String, value: String)?
    ) -> [(String, String)] {
        let own = credential.map { [($0.name, $0.value)] } ?? []
        switch kind {
        case .openai: return own
        case .anthropic: return own + [("anthropic-version", "2023-06-01")]
        }
    }

    private func elapsed(since began: Int64) -> Int64 {
        (time.uptime() - began) / 1_000_000
    }
}
