import Billing
import Logging

/// Tells the log which calls the end of an earlier process cut off: they left no line of their own. This is it, at
/// every start until they are resolved.
enum CutOffCalls {
    /// Lines at one start.
    static let limit = 1000

    static func tell(_ holds: [StoredHold], _ logger: Logger) {
        for hold in holds.prefix(limit) {
            logger.warning(
                "request cut off by the end of the process",
                metadata: [
                    "request_id": "\(hold.id.request)", "tenant": "\(hold.tenantID)", "key": "\(hold.keyID)",
                    "model": "\(hold.model)", "pool": "\(hold.pool)", "backend_id": "\(hold.backendID)",
                    "attempts": "\(hold.id.attempt)", "outcome": "uncertain", "held": "\(hold.amount.decimal)",
                ])
        }
        guard holds.count > limit else { return }
        logger.warning(
            "further requests were cut off by the end of the process", metadata: ["count": "\(holds.count - limit)"])
    }
}
