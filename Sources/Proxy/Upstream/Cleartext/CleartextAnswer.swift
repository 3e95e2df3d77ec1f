import NIOCore
import NIOHTTP1

/// Reads one answer from the decoder's parts: skips 1xx heads, leaves trailers out, and refuses what is not to be
/// believed although it is HTTP.
struct CleartextAnswer {
    static let maxInterimHeads = 16

    enum Piece {
        case none
        case head(UpstreamHead)
        case body(ByteBuffer)
        case malformed(String)
    }

    private(set) var isWhole = false
    /// The connection may carry another call after this one.
    private(set) var allowsReuse = true
    private var isCoded = false
    private var interimHeads = 0

    mutating func take(_ part: HTTPClientResponsePart) -> Piece {
        switch part {
        case .head(let head): return take(head)
        case .body(let bytes):
            return isCoded ? .malformed("the body is coded, identity was asked for") : .body(bytes)
        case .end:
            isWhole = true
            return .none
        }
    }

    mutating func forbidReuse() {
        allowsReuse = false
    }

    private mutating func take(_ head: HTTPResponseHead) -> Piece {
        let status = Int(head.status.code)
        guard status >= 100 else { return .malformed("the status is below 100") }
        guard status != 101 else { return .malformed("the backend switches protocols unasked") }
        guard status >= 200 else {
            interimHeads += 1
            return interimHeads > Self.maxInterimHeads
                ? .malformed("more than \(Self.maxInterimHeads) interim heads") : .none
        }
        if !head.isKeepAlive { allowsReuse = false }
        var framing = ResponseFraming()
        let headers = head.headers.map { name, value in
            let value = Self.trimmed(value)
            framing.note(name: name, value: value)
            return (name, value)
        }
        guard !framing.isContradictory else { return .malformed(ResponseFraming.contradiction) }
        isCoded = framing.isCoded
        return .head(UpstreamHead(status: status, headers: headers))
    }

    /// The parser leaves the white space behind a value.
    private static func trimmed(_ value: String) -> String {
        guard let last = value.utf8.last, last == 0x20 || last == 0x09 else { return value }
        guard let end = value.utf8.lastIndex(where: { $0 != 0x20 && $0 != 0x09 }) else { return "" }
        return String(decoding: value.utf8[...end], as: UTF8.self)
    }
}
