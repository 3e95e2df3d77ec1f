import Billing
import HTTPTypes
import Logging
import Synchronization
import Tenancy

/// Writes refused roles to the audit log, at most once a minute for each caller and route: nobody fills the disk by
/// asking again.
final class DenialLog: Sendable {
    private struct Denial: Hashable {
        let actor: String
        let call: String
    }

    private static let intervalNS: Int64 = 60_000_000_000
    private static let limit = 4096

    private let plane: ControlPlane
    private let latest = Mutex<[Denial: Int64]>([:])

    init(plane: ControlPlane) {
        self.plane = plane
    }

    /// Returns once the entry is stored; a failure is logged, and the refusal stands all the same.
    func note(_ route: AdminRoute, _ context: AdminContext) async {
        let denial = Denial(actor: context.caller.actor, call: "\(route.method.rawValue) \(route.path.text)")
        guard isDue(denial) else { return }
        let entry = plane.audit(
            context, "role.refused", denial.call, after: ["role": .string(context.caller.role.rawValue)])
        do {
            try await plane.write(context) { db in try TenancyStore.audit(db, entry) }
        } catch is Problem {
            // Its credential ended meanwhile: it does nothing more, not even being refused.
        } catch {
            plane.logger.warning("a refused role is not in the audit log", metadata: ["error": "\(error)"])
        }
    }

    private func isDue(_ denial: Denial) -> Bool {
        let now = plane.time.uptime()
        return latest.withLock { latest in
            if let last = latest[denial], now - last < Self.intervalNS { return false }
            if latest.count >= Self.limit { latest = latest.filter { now - $0.value < Self.intervalNS } }
            guard latest.count < Self.limit else { return false }
            latest[denial] = now
            return true
        }
    }
}
