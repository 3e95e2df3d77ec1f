import Billing
import Logging
import Proxy
import Synchronization
import Tenancy

/// Hears of backends that go down or come up: logs it, and keeps the cooldowns that backends asked for.
final class BackendWatch: Sendable {
    private let journal: Journal
    private let logger: Logger
    /// Backends with a stored cooldown, so that only these are forgotten.
    private let stored: Mutex<Set<ID<BackendDefinition>>>

    init(journal: Journal, logger: Logger, stored: [StoredCooldown]) {
        self.journal = journal
        self.logger = logger
        self.stored = Mutex(Set(stored.map(\.backend)))
    }

    /// Off the caller's thread as far as the disk is concerned: this is called on event loops.
    func note(_ event: BackendEvent) {
        let metadata: Logger.Metadata = [
            "backend": "\(event.name)", "pool": "\(event.pool)", "reason": "\(event.reason)",
            "until": "\(event.cooldownEnd?.rfc3339 ?? "")",
        ]
        switch event.kind {
        case .up:
            logger.notice("a backend is up", metadata: metadata)
            guard stored.withLock({ $0.remove(event.backend) }) != nil else { return }
            keep { try await $0.write { db in try CooldownStore.remove(db, backend: event.backend) } }
        case .down:
            logger.warning(event.isRepeat ? "a backend stays down" : "a backend is down", metadata: metadata)
            guard event.asksForCooldown, let end = event.cooldownEnd else { return }
            stored.withLock { _ = $0.insert(event.backend) }
            let cooldown = StoredCooldown(backend: event.backend, end: end)
            keep { try await $0.write { db in try CooldownStore.put(db, cooldown) } }
        }
    }

    /// A cooldown that cannot be stored is only not known to the next process.
    private func keep(_ change: @escaping @Sendable (Journal) async throws -> Void) {
        let (journal, logger) = (journal, logger)
        Task {
            do {
                try await change(journal)
            } catch {
                logger.warning("a cooldown could not be stored", metadata: ["reason": "\(error)"])
            }
        }
    }
}
