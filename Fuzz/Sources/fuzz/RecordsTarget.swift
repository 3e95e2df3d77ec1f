import Fuzzing

@testable import Billing
@testable import Proxy
@testable import Tenancy

/// Records of the file of holds, names of holds, usage queries and what an answer calls itself keep to their bounds.
/// Each of the parsers reads all of an input.
enum RecordsTarget {
    private static let now = Timestamp(microseconds: 1_795_435_200_000_000)

    static func run(_ bytes: UnsafeRawBufferPointer) {
        let input = FuzzInput(bytes)
        checkRecord(input.array)
        checkName(input.text)
        checkQuery(input)
        checkAnswer(input)
        checkMeters(input.text)
        checkReceipt(input.array)
    }

    // MARK: Holds

    /// The payload comes from the input; length and checksum are right, which no fuzzer would find.
    private static func checkRecord(_ input: [UInt8]) {
        let payload = Array(input.prefix(HoldRecord.capacity - 6))
        precondition(decoded(input) == nil || input.count >= 6)
        let checked = [UInt8(payload.count & 0xFF), UInt8(payload.count >> 8)] + payload
        let checksum = checked.withUnsafeBytes { CRC32.checksum($0) }
        let record = withUnsafeBytes(of: checksum.littleEndian) { Array($0) } + checked
        guard let hold = decoded(record) else { return }
        precondition(decoded(record + [1, 2, 3]) == hold, "what lies behind a record counts")
        precondition(decoded(Array(record.dropLast())) == nil, "a torn record is one")
        // Mended texts may be too long, and no amount below zero is ever written.
        guard hold.amount >= .zero, let again = encoded(hold) else { return }
        precondition(decoded(again) == hold, "another hold once it is written again")
    }

    private static func decoded(_ bytes: [UInt8]) -> StoredHold? {
        bytes.withUnsafeBytes { HoldRecord.decode($0) }
    }

    private static func encoded(_ hold: StoredHold) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0xAA, count: HoldRecord.capacity)
        let length = bytes.withUnsafeMutableBytes { HoldRecord.encode(hold, into: $0) }
        return length.map { Array(bytes[..<$0]) }
    }

    private static func checkName(_ text: String) {
        guard let id = HoldID(text) else { return }
        precondition(id.text.utf8.elementsEqual(text.utf8), text)
        precondition(!id.request.isEmpty && id.attempt >= 0 && HoldID(id.text) == id, text)
    }

    // MARK: Queries

    /// A line a parameter, in this order; an empty one is absent.
    private static func checkQuery(_ input: FuzzInput) {
        var input = input
        var lines: [String?] = []
        for _ in 0..<7 {
            let line = input.line()
            lines.append(line.isEmpty ? nil : line)
        }
        var text = UsageQueryText()
        (text.start, text.end, text.bucket, text.groupBy) = (lines[0], lines[1], lines[2], lines[3])
        (text.timeZone, text.limit, text.after) = (lines[4], lines[5], lines[6])
        guard let query = try? text.query(in: .utc, at: now) else { return }
        let quarter: Int64 = 900_000_000
        let (start, end) = (query.span.start.microseconds, query.span.end.microseconds)
        precondition(start < end && start % quarter == 0 && end % quarter == 0)
        precondition(1...1000 ~= query.limit && Set(query.groups).count == query.groups.count)
        precondition(query.groups.count <= UsageGroup.countMaximum)
        precondition((query.after == nil) == (text.after == nil))
        if let named = text.timeZone { precondition(named.utf8.allSatisfy { 0x21...0x7E ~= $0 }, named) }
        // Its first and last pieces lie in it, and end.
        for instant in [query.span.start, Timestamp(microseconds: end - 1)] {
            let piece = query.bucketSpan(containing: instant)
            precondition(piece.contains(instant) && query.span.start <= piece.start && piece.end <= query.span.end)
        }
    }

    // MARK: Answers

    private static func checkAnswer(_ input: FuzzInput) {
        let body = input.bytes
        var identity = AnswerIdentity()
        identity.read(body)
        precondition(identity.finishReasons.count <= 16)
        let texts = [identity.id, identity.model].compactMap { $0 } + identity.finishReasons
        // A byte that is no UTF-8 is mended to three.
        for text in texts { precondition(!text.isEmpty && text.utf8.count <= 3 * 256, "\(text.utf8.count) bytes") }
        var again = identity
        again.read(body)
        precondition(again.id == identity.id && again.model == identity.model, "a second reading changes names")
        let isRateLimited = BackendErrorObject.fault(body).kind == .rateLimited
        let text = input.text
        // Written plainly, there is no other way to say it.
        if !text.utf8.contains(UInt8(ascii: "\\")), !text.contains("rate_limit"), !text.utf8.contains(0x39) {
            precondition(!isRateLimited, text)
        }
    }

    /// Counts of other meters in a row: what is taken is written the same way.
    private static func checkMeters(_ text: String) {
        var usage = TokenUsage()
        guard usage.readOtherMeters(text) else { return precondition(usage == TokenUsage(), text) }
        var again = TokenUsage()
        precondition(!usage.hasOtherMeters || again.readOtherMeters(usage.otherMetersText ?? ""), text)
        precondition(!usage.hasOtherMeters || again == usage, text)
    }

    /// How many spans a receiver of traces says it refused: some only with digits in its answer.
    private static func checkReceipt(_ bytes: [UInt8]) {
        let hasDigits = bytes.contains { 0x31...0x39 ~= $0 }
        precondition(SpanExporter.rejected(bytes) == 0 || hasDigits || bytes.contains(UInt8(ascii: "\\")))
    }
}
