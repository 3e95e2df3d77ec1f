import Billing
import Logging
import Proxy
import Synchronization
import Tenancy

/// Hears of backends that go down or come up: logs it, alerts, and keeps the cooldowns that backends asked for.
final class BackendWatch: Sendable {
    private struct State {
        /// Backends with a stored cooldown, so that only these are forgotten.
        var stored: Set<ID<BackendDefinition>>
        /// The newest end of each backend that is not stored yet; nil: there is none any more.
        var unwritten: [ID<BackendDefinition>: Timestamp?] = [:]
        /// Alerts that are not in the outbox yet, oldest first.
        var alerts: [AlertEvent] = []
        var isWriting = false
    }

    /// Alerts that may wait for the disk; more are only logged.
    private static let alertsAtMost = 1000

    private let journal: Journal
    private let logger: Logger
    private let state: Mutex<State>

    init(journal: Journal, logger: Logger, stored: [StoredCooldown]) {
        self.journal = journal
        self.logger = logger
        state = Mutex(State(stored: Set(stored.map(\.backend))))
    }

    /// Off the caller's thread as far as the disk is concerned: this is called on event loops.
    func note(_ event: BackendEvent) {
        let metadata: Logger.Metadata = [
            "backend": "\(event.name)", "pool": "\(event.pool)", "reason": "\(event.reason)",
            "until": "\(event.cooldownEnd?.rfc3339 ?? "")",
        ]
        if !event.isRepeat { alert(event) }
        switch event.kind {
        case .up:
            logger.notice("a backend is up", metadata: metadata)
            keep(event.backend, until: nil)
        case .down:
            logger.warning(event.isRepeat ? "a backend stays down" : "a backend is down", metadata: metadata)
            if event.asksForCooldown, let end = event.cooldownEnd { keep(event.backend, until: end) }
        }
    }

    private func alert(_ event: BackendEvent) {
        let alert = AlertEvent.backend(
            isUp: event.kind == .up, id: event.backend.text, name: event.name, pool: event.pool,
            reason: event.reason, at: event.at, cooldownEnd: event.cooldownEnd)
        let mustStart = state.withLock { state -> Bool in
            guard state.alerts.count < Self.alertsAtMost else { return false }
            state.alerts.append(alert)
            defer { state.isWriting = true }
            return !state.isWriting
        }
        if mustStart { Task { await write() } }
    }

    /// One write at a time, each with the newest of every backend, so that none overtakes a later one.
    private func keep(_ backend: ID<BackendDefinition>, until end: Timestamp?) {
        let mustStart = state.withLock { state -> Bool in
            if end == nil {
                guard state.stored.remove(backend) != nil else { return false }
            } else {
                state.stored.insert(backend)
            }
            state.unwritten[backend] = .some(end)
            defer { state.isWriting = true }
            return !state.isWriting
        }
        if mustStart { Task { await write() } }
    }

    /// Stores what could not be stored when it happened; whoever runs the process calls it again and again.
    func flush() async {
        let mustStart = state.withLock { state -> Bool in
            guard !state.isWriting, !state.unwritten.isEmpty || !state.alerts.isEmpty else { return false }
            state.isWriting = true
            return true
        }
        if mustStart { await write() }
    }

    /// What cannot be stored waits for the next event or `flush`.
    private func write() async {
        while let (changes, alerts) = takeUnwritten() {
            do {
                try await journal.write { db in
                    for alert in alerts { try AlertStore.raise(alert, db) }
                    for (backend, end) in changes {
                        if let end {
                            try CooldownStore.put(db, StoredCooldown(backend: backend, end: end))
                        } else {
                            try CooldownStore.remove(db, backend: backend)
                        }
                    }
                }
            } catch {
                putBack(changes, alerts)
                logger.warning("a backend's change could not be stored", metadata: ["reason": "\(error)"])
                return
            }
        }
    }

    /// In front of what came since; a newer end of a backend's cooldown stays.
    private func putBack(_ cooldowns: [ID<BackendDefinition>: Timestamp?], _ alerts: [AlertEvent]) {
        state.withLock { state in
            state.unwritten.merge(cooldowns) { newer, _ in newer }
            state.alerts = Array((alerts + state.alerts).prefix(Self.alertsAtMost))
            state.isWriting = false
        }
    }

    private func takeUnwritten() -> (cooldowns: [ID<BackendDefinition>: Timestamp?], alerts: [AlertEvent])? {
        state.withLock { state in
            guard !state.unwritten.isEmpty || !state.alerts.isEmpty else {
                state.isWriting = false
                return nil
            }
            defer {
                state.unwritten = [:]
                state.alerts = []
            }
            return (state.unwritten, state.alerts)
        }
    }
}
