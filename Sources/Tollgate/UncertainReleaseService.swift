import AdminAPI
import Billing
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Tenancy

/// Once a minute releases the uncertain holds of tenants that opted in with `uncertain_release_after`.
struct UncertainReleaseService: Service {
    let ledger: Ledger
    let directory: Directory
    let time: any TimeSource
    let logger: Logger

    func run() async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let sweeps = loop.scheduleRepeatedTask(initialDelay: .seconds(5), delay: .seconds(60)) { _ in
            Task { await releaseDue() }
        }
        try await gracefulShutdown()
        sweeps.cancel()
    }

    /// Releases what is due now; a hold that cannot be resolved waits for the next time.
    func releaseDue() async {
        let now = time.now()
        for hold in ledger.uncertainHolds() {
            guard let seconds = directory.tenant(hold.tenantID)?.tenant.uncertainReleaseAfterSeconds,
                now.seconds - hold.admittedAt.seconds >= seconds
            else { continue }
            let audit = hold.auditEntry(charge: nil, by: "system", at: now)
            do {
                try await ledger.resolve(hold.id, .release) { db in try TenancyStore.audit(db, audit) }
            } catch {
                logger.warning("an uncertain hold stays", metadata: ["hold": "\(hold.id)", "reason": "\(error)"])
            }
        }
    }
}
