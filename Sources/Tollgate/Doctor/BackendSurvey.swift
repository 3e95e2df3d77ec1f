import Dispatch
import Proxy
import Synchronization
import Tenancy

/// Asks every backend once, a few at a time.
struct BackendSurvey: Sendable {
    /// One call, which waits for its end: the HTTP status.
    typealias Fetch = @Sendable (_ url: String, _ headers: [(String, String)], UpstreamPolicy) throws -> Int

    /// When the certificate of the server at an https URL ends; waits for the handshake.
    typealias Certificate = @Sendable (_ url: String, UpstreamPolicy) throws -> Timestamp?

    private static let timeoutMS: Int64 = 5000
    private static let answerBytes = 4 * 1024 * 1024

    let policy: UpstreamPolicy
    /// Opens the stored credentials; nil: only backends without one are asked.
    let masterKey: MasterKey?
    let time: any TimeSource
    private let fetch: Fetch
    private let certificate: Certificate

    init(
        policy: UpstreamPolicy, masterKey: MasterKey?, time: any TimeSource, fetch: @escaping Fetch = Self.status,
        certificate: @escaping Certificate = Self.certificateEnd
    ) {
        self.policy = policy
        self.masterKey = masterKey
        self.time = time
        self.fetch = fetch
        self.certificate = certificate
    }

    /// What came of it, in the order given.
    func run(_ backends: [BackendDefinition]) -> [BackendFacts] {
        let found = Mutex<[Int: BackendFacts]>([:])
        DispatchQueue.concurrentPerform(iterations: backends.count) { index in
            let facts = ask(backends[index])
            found.withLock { $0[index] = facts }
        }
        return found.withLock { found in backends.indices.compactMap { found[$0] } }
    }

    /// The probe's path where there is a probe, else the list of models, with the backend's own credential.
    private func ask(_ backend: BackendDefinition) -> BackendFacts {
        var facts = BackendFacts(name: "\(backend.pool)/\(backend.name)", isDraining: backend.draining)
        if backend.draining { return facts }
        let url = Prober.url(of: backend)
        facts.usesTLS = url.lowercased().hasPrefix("https:")
        if facts.usesTLS { facts.certificateEnd = try? certificate(url, policy) }
        guard let headers = try? Prober.headers(of: backend, masterKey: masterKey) else {
            facts.isSealed = true
            facts.error = "its api_key does not open with the master key"
            return facts
        }
        let began = time.uptime()
        do {
            facts.status = try fetch(url, headers, policy)
        } catch {
            facts.error = "\(error)"
        }
        facts.milliseconds = (time.uptime() - began) / 1_000_000
        return facts
    }

    private static func certificateEnd(_ url: String, _ policy: UpstreamPolicy) throws -> Timestamp? {
        try ServerCertificate.end(url: url, timeoutMS: timeoutMS, policy: policy)
    }

    private static func status(
        _ url: String, _ headers: [(String, String)], _ policy: UpstreamPolicy
    ) throws -> Int {
        try HTTPFetch.run(
            method: "GET", url: url, headers: headers, body: [], timeoutMS: timeoutMS, maxBody: answerBytes,
            policy: policy
        ).status
    }
}
