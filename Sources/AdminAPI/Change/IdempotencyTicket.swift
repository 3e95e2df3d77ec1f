import HTTPTypes
import Synchronization
import Tenancy

/// A request's right to have its answer kept under the caller's key.
final class IdempotencyTicket: Sendable {
    private let actor: String
    private let key: String
    private let digest: [UInt8]
    private let isUsed = Atomic<Bool>(false)

    init(actor: String, key: String, digest: [UInt8]) {
        self.actor = actor
        self.key = key
        self.digest = digest
    }

    /// The record of this answer.
    func record(_ answer: Answer, at now: Timestamp) -> IdempotencyRecord {
        IdempotencyRecord(
            actor: actor, key: key, digest: digest, status: answer.status.code, body: answer.kept?.text, createdAt: now)
    }

    /// Takes note that the record is committed.
    func use() { isUsed.store(true, ordering: .releasing) }

    /// Whether the answer was kept.
    var wasUsed: Bool { isUsed.load(ordering: .acquiring) }
}
