import HTTPTypes
import Hummingbird
import Synchronization
import Tenancy

/// Proves who makes a request, and holds back the answers to those who guess.
final class AdminGate: Sendable {
    /// Passes as many milliseconds.
    typealias Pause = @Sendable (Int64) async -> Void

    private let bootstrap: AdminCredential?
    private let keys: AdminKeyRing
    private let time: any TimeSource
    private let storeUse: @Sendable (ID<AdminKey>, Timestamp) -> Void
    private let delays = Mutex(LoginDelays())

    /// `storeUse` is told when a key was used, at most once a minute for each.
    init(
        bootstrap: AdminCredential?,
        keys: AdminKeyRing,
        time: any TimeSource,
        storeUse: @escaping @Sendable (ID<AdminKey>, Timestamp) -> Void
    ) {
        self.bootstrap = bootstrap
        self.keys = keys
        self.time = time
        self.storeUse = storeUse
    }

    /// Whose credential the headers carry; throws `Problem.unauthenticated`, held back by `pause` where many failed.
    func caller(_ headers: HTTPFields, from address: String, pause: Pause) async throws -> AdminCaller {
        guard let presented = Self.bearer(headers) else { throw Problem.unauthenticated }
        let block = AddressRange.block(of: address)
        let now = time.now()
        // The bootstrap credential is for as long as there is no other way in.
        if let bootstrap, bootstrap.matches(presented), !keys.directory.hasAdmin(at: now) {
            return .bootstrap
        }
        switch await keys.authenticate(presented, address: block) {
        case .accepted(let key):
            if keys.directory.noteUse(of: key, at: now) { storeUse(key.id, now) }
            return AdminCaller(actor: key.id.text, role: key.role)
        case .busy: throw Problem.tooManyLogins
        case .refused: break
        }
        guard let delay = delays.withLock({ $0.fail(block, at: time.uptime()) }) else { throw Problem.tooManyLogins }
        if delay > 0 {
            await pause(delay)
            delays.withLock { $0.leave() }
        }
        throw Problem.unauthenticated
    }

    /// Throws `Problem.unauthenticated` if a credential that was proven does not stand any more.
    func requireStanding(_ caller: AdminCaller) throws(Problem) {
        guard caller.stands(at: time.now(), in: keys.directory) else { throw Problem.unauthenticated }
    }

    private static func bearer(_ headers: HTTPFields) -> Substring? {
        let values = headers[values: .authorization]
        guard values.count == 1, let value = values.first, value.prefix(7).lowercased() == "bearer " else { return nil }
        return value.dropFirst(7)
    }
}
