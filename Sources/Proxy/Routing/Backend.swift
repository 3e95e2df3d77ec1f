import Synchronization
import Tenancy

/// One upstream endpoint as the router knows it now: its definition, its opened credential, and its load.
final class Backend: Sendable {
    typealias Identity = ID<BackendDefinition>

    /// What survives a change of the definition: calls in flight belong to the backend, not to one edit of it.
    final class Load: Sendable {
        struct Figures {
            var inFlight = 0
            var lastError: String?
        }
        let figures = Mutex(Figures())
    }

    let definition: BackendDefinition
    /// The header that carries our credential, if there is one.
    let credential: (name: String, value: String)?
    let load: Load

    /// Opens the credential; throws when it was sealed with another master key.
    init(_ definition: BackendDefinition, masterKey: MasterKey, load: Load) throws {
        self.definition = definition
        self.load = load
        credential = try definition.openKey(with: masterKey).map { bytes in
            let key = String(decoding: bytes, as: UTF8.self)
            return definition.kind == .anthropic ? ("x-api-key", key) : ("authorization", "Bearer " + key)
        }
    }

    var timeouts: UpstreamTimeouts {
        UpstreamTimeouts(
            connectMS: definition.connectMS, firstByteMS: definition.firstByteMS, idleMS: definition.idleMS,
            totalMS: definition.totalMS)
    }

    var inFlight: Int { load.figures.withLock { $0.inFlight } }

    /// May take new calls at all; every forwarded route speaks OpenAI's API so far.
    var isAvailable: Bool { !definition.draining && definition.kind == .openai }

    /// Has as many calls in flight as it may.
    var isFull: Bool {
        guard let most = definition.maxConcurrency else { return false }
        return inFlight >= most
    }

    /// The absolute URL of `route` (which begins with `/v1`) at this backend.
    func url(_ route: Route) -> String {
        definition.baseURL + route.suffix
    }
}
