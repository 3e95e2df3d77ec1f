import Fuzzing

@testable import Proxy
@testable import Tenancy

/// A backend's head is read as a second reading reads it, within its bounds, and the same once it is written again.
enum AnswerTarget {
    /// What a zero byte of an input may stand for, so that short inputs reach the bounds.
    private static let filling = [UInt8](repeating: UInt8(ascii: "a"), count: 3_000)
    private static let filledBytes = 100_000
    /// More lines are only read: what is slow in them must be the product's.
    private static let comparedLines = 2_000

    private struct Reading {
        var head: UpstreamHead?
        var isMalformed = false
        var framing = ResponseFraming()
    }

    static func run(_ bytes: UnsafeRawBufferPointer) {
        var input = FuzzInput(bytes)
        let isLong = input.flag()
        let lines = split(isLong ? filled(input.array) : input.array)
        let reading = read(lines)
        checkWait(input.text)
        guard lines.count <= comparedLines else { return }
        check(reading, NaiveHead(lines), lines)
        guard let head = reading.head else { return }
        for header in head.headers where header.0 == "retry-after" { checkWait(header.1) }
        checkAgain(head)
    }

    private static func filled(_ bytes: [UInt8]) -> [UInt8] {
        var long: [UInt8] = []
        for byte in bytes where long.count < filledBytes { long += byte == 0 ? filling : [byte] }
        return long
    }

    /// As libcurl hands them over: each with its end.
    private static func split(_ bytes: [UInt8]) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        var line: [UInt8] = []
        for byte in bytes {
            line.append(byte)
            if byte == 0x0A {
                lines.append(line)
                line = []
            }
        }
        return line.isEmpty ? lines : lines + [line]
    }

    private static func read(_ lines: [[UInt8]]) -> Reading {
        var parser = ResponseHeadParser()
        var reading = Reading()
        for line in lines {
            switch line.withUnsafeBytes({ parser.take($0) }) {
            case .more: break
            case .complete(let head):
                precondition(reading.head == nil, "two heads")
                reading.head = head
            case .malformed(let reason):
                precondition(!reason.isEmpty)
                reading.isMalformed = true
                return reading
            }
            reading.framing = parser.framing
            precondition(parser.isComplete == (reading.head != nil))
        }
        return reading
    }

    private static func check(_ reading: Reading, _ naive: NaiveHead, _ lines: [[UInt8]]) {
        precondition(reading.isMalformed == naive.isMalformed, "malformed by one reading only")
        precondition((reading.head != nil) == naive.isComplete, "complete by one reading only")
        if !reading.isMalformed {
            precondition(lines.reduce(0) { $0 + $1.count } <= ResponseHeadParser.maxBytes)
            precondition(lines.allSatisfy { $0.count <= ResponseHeadParser.maxLineBytes + 2 })
        }
        guard let head = reading.head else { return }
        precondition(head.status == naive.status && 200...999 ~= head.status)
        precondition(head.headers.count == naive.headers.count)
        for (header, other) in zip(head.headers, naive.headers) {
            precondition(header.0.utf8.elementsEqual(other.name.utf8) && !header.0.isEmpty, header.0)
            precondition(header.1.utf8.elementsEqual(other.value.utf8), header.0)
            precondition(!header.1.utf8.contains(0x0A), header.0)
        }
        // What the head says of its body; only trailers can follow.
        let codings = naive.values("transfer-encoding").map { NaiveHead.lowercased($0.utf8) }
        let contents = naive.values("content-encoding").map { NaiveHead.lowercased($0.utf8) }
        precondition(reading.framing.isChunked == naive.isChunked)
        let isCoded = contents.contains { !["", "identity"].contains($0) }
        let isCodedAgain = codings.contains { !["", "chunked", "identity"].contains($0) }
        precondition(reading.framing.isCoded == (isCoded || isCodedAgain))
        let length = naive.values("content-length").last.flatMap { Int64($0) }
        precondition(reading.framing.length == ([204, 304].contains(head.status) ? 0 : length))
        precondition(reading.framing.isStreamed == naive.isStreamed)
    }

    /// Behind an interim head, and without white space around its values.
    private static func checkAgain(_ head: UpstreamHead) {
        var lines = ["HTTP/1.1 103 Early Hints\r\n", "X-Early: 1\r\n", "\r\n", "HTTP/1.1 \(head.status)\r\n"]
        lines += head.headers.map { "\($0.0):\t\($0.1) \r\n" }
        let bytes = (lines + ["\r\n", "X-Late: 1\r\n"]).map { Array($0.utf8) }
        // Mended UTF-8 is longer than what it was made of.
        guard bytes.reduce(0, { $0 + $1.count }) <= ResponseHeadParser.maxBytes,
            bytes.allSatisfy({ $0.count <= ResponseHeadParser.maxLineBytes })
        else { return }
        guard let again = read(bytes).head else { preconditionFailure("a head that was read is none") }
        precondition(again.status == head.status && again.headers.count == head.headers.count)
        for (one, other) in zip(head.headers, again.headers) {
            precondition(one.0.utf8.elementsEqual(other.0.utf8), one.0)
            precondition(NaiveHead.trimmed(Array(one.1.utf8)).elementsEqual(other.1.utf8), one.0)
        }
    }

    /// A wait is none or within its bounds, and never grows as time passes.
    private static func checkWait(_ text: String) {
        let now = Timestamp(microseconds: 1_790_000_000_000_000)
        let wait = RetryAfter.seconds(text, at: now)
        let later = RetryAfter.seconds(text, at: now.adding(milliseconds: 60_000))
        precondition((wait == nil) == (later == nil), text)
        guard let wait, let later else { return }
        precondition(1...Cooldown.longestAskedSeconds ~= wait && 1...wait ~= later, text)
        precondition(later == wait || later == max(1, wait - 60) || wait == Cooldown.longestAskedSeconds, text)
    }
}
