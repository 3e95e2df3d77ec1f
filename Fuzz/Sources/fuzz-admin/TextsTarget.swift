import Fuzzing

@testable import AdminAPI
@testable import Proxy
@testable import Tenancy

/// Small texts of the Admin API and the metrics page are read back as what they were written from. Each of the
/// parsers reads all of an input.
enum TextsTarget {
    /// Longer texts are only read or written: what is slow in them must be the product's.
    private static let comparedBytes = 8 * 1024

    static func run(_ bytes: UnsafeRawBufferPointer) {
        let input = FuzzInput(bytes)
        let text = input.text
        guard text.utf8.count <= comparedBytes else {
            precondition(DurationText.milliseconds(text + "?") == nil && fixed(text + "?", 6) == nil)
            precondition(JSONPointer.escaped(text).utf8.count >= text.utf8.count)
            return
        }
        checkDuration(text)
        checkFixed(text, digits: 6)
        checkPointer(text)
        checkDate(input.array)
        checkLabels(text)
    }

    private static func checkDuration(_ text: String) {
        var expected: Int64?
        let units: [(String, Int128)] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)]
        for (unit, milliseconds) in units {
            let digits = Array(text.utf8.dropLast(unit.utf8.count))
            guard text.utf8.suffix(unit.utf8.count).elementsEqual(unit.utf8), 1...30 ~= digits.count,
                digits.allSatisfy({ 0x30...0x39 ~= $0 })
            else { continue }
            expected = Int64(exactly: digits.reduce(Int128(0)) { $0 * 10 + Int128($1 - 0x30) } * milliseconds)
        }
        let read = DurationText.milliseconds(text)
        if text.utf8.count <= 30 { precondition(read == expected, text) }
        guard let read else { return }
        precondition(read >= 0 && DurationText.milliseconds(DurationText.text(read)) == read, text)
    }

    private static func fixed(_ text: String, _ digits: Int) -> Int64? {
        FixedPoint.read(text, fractionDigits: digits)
    }

    private static func checkFixed(_ text: String, digits: Int) {
        let read = fixed(text, digits)
        var expected: Int64?
        if let naive = NaiveDecimal(text), naive.isNegative == nil, naive.powerDigits == nil, naive.wholeDigits > 0,
            naive.fractionDigits.map({ 1...digits ~= $0 }) ?? true
        {
            expected = naive.whole(movedBy: digits).flatMap { Int64(exactly: $0.value) }
        }
        precondition(read == expected, text)
        guard let read else { return }
        precondition(fixed(FixedPoint.text(read, fractionDigits: digits), digits) == read, text)
    }

    private static func checkPointer(_ text: String) {
        var plain: [UInt8] = []
        var rest = Array(JSONPointer.escaped(text).utf8)[...]
        while let byte = rest.popFirst() {
            precondition(byte != UInt8(ascii: "/"), text)
            guard byte == UInt8(ascii: "~") else {
                plain.append(byte)
                continue
            }
            let second = rest.popFirst()
            precondition(second == UInt8(ascii: "0") || second == UInt8(ascii: "1"), text)
            plain.append(UInt8(ascii: second == UInt8(ascii: "0") ? "~" : "/"))
        }
        precondition(plain.elementsEqual(text.utf8), text)
    }

    /// A date written for HTTP is read as a date of HTTP: so many seconds later it is so long a wait.
    private static func checkDate(_ bytes: [UInt8]) {
        let seconds = bytes.prefix(5).reduce(Int64(0)) { $0 << 8 | Int64($1) } % 250_000_000_000
        let wait = Int64(bytes.dropFirst(5).first ?? 0) + 1
        let date = HTTPDate.text(Timestamp(microseconds: (seconds + wait) * 1_000_000))
        let read = RetryAfter.seconds(date, at: Timestamp(microseconds: seconds * 1_000_000))
        precondition(read == wait, date)
    }

    /// A label's value, read as Prometheus reads it, is the text.
    private static func checkLabels(_ text: String) {
        var page = MetricText()
        page.family("m", .gauge, text)
        page.sample("m", ["a": text, "b": "x"], "1")
        var bytes = Array(page.text.utf8)[...]
        let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        precondition(lines.count == 4 && lines[3].isEmpty, "lines: \(page.text)")
        precondition(lines[1].elementsEqual("# TYPE m gauge".utf8), page.text)
        precondition(lines[0].starts(with: "# HELP m ".utf8) && lines[2].starts(with: "m{a=\"".utf8), page.text)
        let help = unescaped(lines[0].dropFirst("# HELP m ".utf8.count), quote: nil)
        precondition(help.text.elementsEqual(text.utf8) && help.rest.isEmpty, page.text)
        bytes = lines[2].dropFirst("m{a=\"".utf8.count)
        let label = unescaped(bytes, quote: UInt8(ascii: "\""))
        precondition(label.text.elementsEqual(text.utf8), page.text)
        precondition(label.rest.elementsEqual("\",b=\"x\"} 1".utf8), page.text)
    }

    /// The text up to a quote, and what is left from there.
    private static func unescaped(
        _ bytes: ArraySlice<UInt8>, quote: UInt8?
    ) -> (text: [UInt8], rest: ArraySlice<UInt8>) {
        var text: [UInt8] = []
        var rest = bytes
        while let byte = rest.first, byte != quote {
            rest = rest.dropFirst()
            guard byte == UInt8(ascii: "\\") else {
                text.append(byte)
                continue
            }
            let letter = rest.popFirst()
            switch letter {
            case UInt8(ascii: "n"): text.append(0x0A)
            case UInt8(ascii: "\\"): text.append(UInt8(ascii: "\\"))
            case UInt8(ascii: "\"") where quote != nil: text.append(UInt8(ascii: "\""))
            default: preconditionFailure("an escape that is none")
            }
        }
        return (text, rest)
    }
}
