import Logging
import Synchronization

/// What one of the listeners beside the data plane's refused before a request was anybody's: counted and logged, as the
/// data plane does, without anything the client sent.
final class ListenerRefusals: Sendable {
    /// The name of the listener's plane.
    let plane: String
    private let logger: Logger
    private let counts = Mutex<[String: UInt64]>([:])

    init(plane: String, logger: Logger) {
        self.plane = plane
        self.logger = logger
    }

    /// How many, by the code of the refusal.
    var figures: [String: UInt64] { counts.withLock { $0 } }

    /// A request was refused by its head, or because it did not come in time.
    func note(status: Int, code: String, requestID: String) {
        count(code)
        logger.info(
            "request refused",
            metadata: [
                "plane": "\(plane)", "request_id": "\(requestID)", "status": "\(status)", "code": "\(code)",
            ])
    }

    /// A connection was one too many. A line for each would be a flood of its own.
    func noteConnection() {
        count("too_many_connections")
    }

    private func count(_ code: String) {
        counts.withLock { $0[code, default: 0] += 1 }
    }
}
