import Hummingbird
import NIOCore

extension Request {
    /// The body, which must be one JSON object.
    func object() async throws -> JSONObject {
        let bytes = try await bodyBytes()
        let value: JSONValue
        do {
            value = try JSONParser.parse(bytes)
        } catch {
            let detail = "is not valid JSON: \(error.detail) at byte \(error.offset)"
            throw Problem.invalid("", detail, code: "invalid_json")
        }
        guard case .object(let members) = value else {
            throw Problem.invalid("", "must be a JSON object, not \(value.kind)")
        }
        return JSONObject(members)
    }

    /// The body, which may be left out and else must be one JSON object.
    func optionalObject() async throws -> JSONObject {
        var request = self
        let bytes = try await bodyBytes()
        if bytes.isEmpty { return JSONObject([]) }
        request.body = RequestBody(buffer: ByteBuffer(bytes: bytes))
        return try await request.object()
    }

    /// Refuses a body where none belongs; `{}` passes.
    func requireEmptyBody() async throws {
        let bytes = try await bodyBytes()
        guard !bytes.isEmpty else { return }
        guard case .object([]) = try? JSONParser.parse(bytes) else {
            throw Problem.invalid("", "must be empty")
        }
    }

    /// The whole body, at most `limit` bytes.
    func bodyBytes(limit: Int = AdminRoute.usualBodyLimit) async throws -> [UInt8] {
        do {
            let buffer = try await body.collect(upTo: limit)
            return Array(buffer.readableBytesView)
        } catch is NIOTooManyBytesError {
            throw Problem(
                status: .contentTooLarge, code: "body_too_large", detail: "the body is larger than \(limit >> 20) MiB")
        } catch {
            throw Problem.invalid("", "could not be read", code: "invalid_body")
        }
    }
}
