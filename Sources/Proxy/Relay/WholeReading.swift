import NIOCore

/// What a whole answer says of itself.
struct WholeReading {
    /// A success must be a JSON object without an error; nil if it is.
    var fault: AttemptFault?
    /// What it reports.
    var scanner: UsageScanner

    init(fault: AttemptFault?, scanner: UsageScanner) {
        self.fault = fault
        self.scanner = scanner
    }

    init(_ body: ByteBuffer, _ dialect: Dialect) {
        scanner = UsageScanner(dialect)
        if let answer = scanner.read(body, isWhole: true) {
            fault = answer.hasError ? BackendErrorObject.fault(body) : nil
        } else {
            fault = .malformed
        }
    }
}
