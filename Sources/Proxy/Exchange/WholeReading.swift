import NIOCore

/// What a whole answer says of itself.
struct WholeReading {
    /// A success must be a JSON object without an error.
    let isAnswer: Bool
    /// What it reports; nil if it reports nothing.
    let usage: UsageReading?

    init(_ body: ByteBuffer) {
        var scanner = UsageScanner()
        isAnswer = scanner.read(body).map { !$0.hasError } ?? false
        usage = scanner.latest
    }
}
