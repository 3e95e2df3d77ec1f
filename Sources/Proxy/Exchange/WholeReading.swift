import NIOCore

/// What a whole answer says of itself.
struct WholeReading {
    /// A success must be a JSON object without an error; nil if it is.
    let fault: AttemptFault?
    /// What it reports; nil if it reports nothing.
    let usage: UsageReading?

    init(_ body: ByteBuffer) {
        var scanner = UsageScanner()
        if let answer = scanner.read(body) {
            fault = answer.hasError ? BackendErrorObject.fault(body) : nil
        } else {
            fault = .malformed
        }
        usage = scanner.latest
    }
}
