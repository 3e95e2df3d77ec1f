import Synchronization
import Tenancy

/// The master key of a running gateway, which a rotation replaces.
final class MasterKeyHolder: Sendable {
    private let key: Mutex<MasterKey>

    init(_ key: MasterKey) {
        self.key = Mutex(key)
    }

    var current: MasterKey { key.withLock { $0 } }

    /// Replaces it by what `change` makes of it.
    func update(_ change: (MasterKey) -> MasterKey) {
        key.withLock { $0 = change($0) }
    }
}
