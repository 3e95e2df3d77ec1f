import NIOCore
import NIOHTTP1
import Tenancy

/// Whose clients read a refusal.
enum ErrorShape: Sendable, CaseIterable {
    case openAI
    case anthropic

    /// The shape for a request target, known route or not: Anthropic's on `/v1/messages` and below, and on the models
    /// for who names a version of Anthropic's API.
    init(target: String, headers: HTTPHeaders) {
        let path = RequestTarget.path(of: target)
        if Self.isBelow("/v1/messages", path) {
            self = .anthropic
        } else if Self.isBelow("/v1/models", path), headers.contains(name: "anthropic-version") {
            self = .anthropic
        } else {
            self = .openAI
        }
    }

    /// The shape that the first bytes of a request tell, for one whose head never becomes whole; nil where they do not.
    init?(firstBytes: ByteBuffer) {
        let bytes = firstBytes.readableBytesView.prefix(128)
        guard let space = bytes.firstIndex(of: UInt8(ascii: " ")) else { return nil }
        let target = bytes[space...].dropFirst()
        let root: StaticString = "/v1/messages"
        guard target.starts(with: UnsafeBufferPointer(start: root.utf8Start, count: root.utf8CodeUnitCount)) else {
            return nil
        }
        switch target.dropFirst(root.utf8CodeUnitCount).first {
        case UInt8(ascii: " "), UInt8(ascii: "/"), UInt8(ascii: "?"): self = .anthropic
        default: return nil
        }
    }

    private static func isBelow(_ root: StaticString, _ path: Substring) -> Bool {
        let root = UnsafeBufferPointer(start: root.utf8Start, count: root.utf8CodeUnitCount)
        var path = path
        return path.withUTF8 { path in
            guard path.count >= root.count, path.prefix(root.count).elementsEqual(root) else { return false }
            return path.count == root.count || path[root.count] == UInt8(ascii: "/")
        }
    }

    /// Status and type in this shape of what OpenAI's says with `status`, `type` and `code`.
    func words(status: Int, type: String, code: String) -> (status: Int, type: String) {
        if self == .openAI { return (status, type) }
        switch status {
        case 401: return (401, "authentication_error")
        case 403: return (403, "permission_error")
        case 404: return (404, "not_found_error")
        case 413, 431: return (413, "request_too_large")
        case 429 where code == "insufficient_quota": return (402, "billing_error")
        case 429: return (429, "rate_limit_error")
        case 503: return (529, "overloaded_error")
        case 504: return (504, "timeout_error")
        case 500...: return (status, "api_error")
        default: return (status, "invalid_request_error")
        }
    }
}

extension ErrorShape {
    /// Adds the request's id under the names this shape's clients look for.
    func name(_ id: RequestID, in head: inout AnswerHead) {
        let text = id.text
        head.add("x-request-id", text)
        if self == .anthropic { head.add("request-id", text) }
    }
}
