import HTTPTypes
import Tenancy

/// A request's right to have its answer kept under the caller's key.
struct IdempotencyTicket: Sendable {
    let actor: String
    let key: String
    let digest: [UInt8]

    /// The record of this answer.
    func record(_ answer: Answer, at now: Timestamp) -> IdempotencyRecord {
        IdempotencyRecord(
            actor: actor, key: key, digest: digest, status: answer.status.code, body: answer.kept?.text, createdAt: now)
    }
}
