import Billing
import Logging
import Tenancy

extension ControlPlane {
    /// The gate before every route; `bootstrap` is the configured credential, if there is one.
    func gate(_ bootstrap: AdminCredential?) -> AdminGate {
        AdminGate(bootstrap: bootstrap, keys: adminKeys, time: time) { [journal, logger] id, instant in
            Task {
                do {
                    try await journal.write { db in try TenancyStore.noteUse(db, adminKey: id, at: instant) }
                } catch {
                    logger.warning("the use of an admin key was not stored", metadata: ["error": "\(error)"])
                }
            }
        }
    }
}
