import Dispatch
import Proxy
import Synchronization
import Tenancy

/// Asks every backend once, a few at a time.
struct BackendSurvey: Sendable {
    private static let timeoutMS: Int64 = 5000
    private static let answerBytes = 4 * 1024 * 1024

    let policy: UpstreamPolicy
    /// Opens the stored credentials; nil: backends are asked without.
    let masterKey: MasterKey?
    let time: any TimeSource

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
        let began = time.uptime()
        do {
            facts.status = try HTTPFetch.run(
                method: "GET", url: Prober.url(of: backend), headers: headers(of: backend), body: [],
                timeoutMS: Self.timeoutMS, maxBody: Self.answerBytes, policy: policy
            ).status
        } catch {
            facts.error = "\(error)"
        }
        facts.milliseconds = (time.uptime() - began) / 1_000_000
        return facts
    }

    private func headers(of backend: BackendDefinition) -> [(String, String)] {
        guard let masterKey, let key = try? backend.openKey(with: masterKey) else { return [] }
        let text = String(decoding: key, as: UTF8.self)
        switch backend.kind {
        case .openai: return [("authorization", "Bearer \(text)")]
        case .anthropic: return [("x-api-key", text), ("anthropic-version", "2023-06-01")]
        }
    }
}
