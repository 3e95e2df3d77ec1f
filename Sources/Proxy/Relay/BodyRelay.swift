import NIOCore

/// Passes on an answer that is too long to be held whole, or is no JSON, and keeps its last piece back;
/// confined to its event loop.
final class BodyRelay {
    /// A JSON answer up to this many bytes is held whole instead, so that its head can say what it cost.
    static let wholeBytes = 4 * 1024 * 1024

    let contentType: String
    /// The length the backend announced.
    let length: Int64?
    /// The piece that came last; it leaves once the entry is on disk.
    private(set) var heldBack = ByteBuffer()
    /// Reads a JSON answer as it passes; nil for other bodies.
    private var sieve: AnswerSieve?
    private let dialect: Dialect

    init(_ dialect: Dialect, contentType: String, length: Int64?, isJSON: Bool) {
        self.dialect = dialect
        self.contentType = contentType
        self.length = length
        sieve = isJSON ? AnswerSieve() : nil
    }

    /// Takes the next bytes; answers the ones before them, which can go to the client at once.
    func feed(_ bytes: ByteBuffer) -> ByteBuffer? {
        guard bytes.readableBytes > 0 else { return nil }
        bytes.withUnsafeReadableBytes { sieve?.feed($0) }
        defer { heldBack = bytes }
        return heldBack.readableBytes > 0 ? heldBack : nil
    }

    var isJSON: Bool { sieve != nil }

    /// A JSON answer cannot be sound any more.
    var isMalformed: Bool { sieve?.isMalformed == true }

    /// What the answer says of itself, once all of it passed. Of other bodies than JSON only silence is telling: speech
    /// has at least a byte.
    func reading() -> WholeReading {
        if let sieve { return sieve.reading(dialect) }
        return WholeReading(
            fault: dialect == .speech && heldBack.readableBytes == 0 ? .malformed : nil, scanner: UsageScanner(dialect))
    }
}
