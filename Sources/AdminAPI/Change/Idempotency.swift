import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization
import Tenancy

/// Runs a POST that carries `Idempotency-Key` once, however often it is sent.
final class Idempotency: Sendable {
    private struct Claim: Hashable {
        let actor: String
        let key: String
    }

    private let file: DatabaseFile
    private let digestKey: [UInt8]
    private let inFlight = Mutex<Set<Claim>>([])

    init(file: DatabaseFile, digestKey: [UInt8]) {
        self.file = file
        self.digestKey = digestKey
    }

    /// The answer of `handler`, or the one it gave before. Refusals are not kept: the next attempt is judged anew.
    func run(
        _ request: Request,
        _ context: AdminContext,
        bodyLimit: Int = AdminRoute.usualBodyLimit,
        handler: AdminRoute.Handler
    ) async throws -> Response {
        guard let key = try Self.key(request.headers) else { return try await handler(request, context) }
        var request = request
        let body = try await request.bodyBytes(limit: bodyLimit)
        request.body = RequestBody(buffer: ByteBuffer(bytes: body))
        let call = "idempotency 1\n\(request.method.rawValue) \(request.uri.string)\n"
        // Keyed, because a body may hold a backend's credential.
        guard let digest = SecretBytes.hmacSHA256(key: digestKey, Array(call.utf8) + body) else {
            throw MasterKeyError.digestFailed
        }
        let claim = Claim(actor: context.caller.actor, key: key)
        guard inFlight.withLock({ $0.insert(claim).inserted }) else {
            throw Problem.conflict("idempotency_in_flight", "a request with that Idempotency-Key is under way")
        }
        defer { inFlight.withLock { _ = $0.remove(claim) } }
        // Only now: a twin that just ended has committed its answer.
        let known = try file.read { db in
            try TenancyStore.idempotencyRecord(db, actor: claim.actor, key: key)
        }
        if let known { return try Self.replay(known, digest: digest) }
        var context = context
        context.ticket = IdempotencyTicket(actor: claim.actor, key: key, digest: digest)
        return try await handler(request, context)
    }

    private static func key(_ headers: HTTPFields) throws(Problem) -> String? {
        let values = headers[values: .idempotencyKey]
        guard let key = values.first else { return nil }
        guard values.count == 1, 1...255 ~= key.utf8.count, key.utf8.allSatisfy({ 0x20...0x7E ~= $0 }) else {
            throw Problem(
                status: .badRequest, code: "invalid_idempotency_key",
                detail: "Idempotency-Key must be given once, 1 to 255 printable ASCII characters")
        }
        return key
    }

    private static func replay(_ record: IdempotencyRecord, digest: [UInt8]) throws -> Response {
        guard SecretBytes.constantTimeEquals(record.digest, digest) else {
            throw Problem.conflict(
                "idempotency_mismatch", "that Idempotency-Key was used for a request with another path or body")
        }
        // A status that was never kept could not even be sent.
        guard 200...299 ~= record.status else { throw TenancyError.damaged("idempotency_keys, status") }
        let body: JSONValue?
        do {
            body = try record.body.map { try JSONParser.parse(Array($0.utf8)) }
        } catch {
            throw TenancyError.damaged("idempotency_keys, body")
        }
        var response = Answer(status: .init(code: record.status), body: body).response
        response.headers[.idempotencyReplayed] = "true"
        return response
    }
}
