import Billing
import Fuzzing

@testable import AdminAPI

/// A bill becomes days and amounts within their bounds, and a table of any texts gives them back. Each of the parsers
/// reads all of an input.
enum BillsTarget {
    /// Picodollars: what has more digits than a trillion dollars is refused.
    private static let most = Int128(10_000_000_000_000) * 1_000_000_000_000

    static func run(_ bytes: UnsafeRawBufferPointer) {
        let input = FuzzInput(bytes)
        for format in BillFormat.allCases { check(format, input.array) }
        checkTable(input)
        checkAmount(input)
    }

    private static func check(_ format: BillFormat, _ bytes: [UInt8]) {
        guard let amounts = try? format.read(bytes) else { return }
        for amount in amounts {
            precondition(amount.day.utf8.count == 10 && amount.amount.pico.magnitude <= most.magnitude, amount.day)
        }
        let years = Set(amounts.map { String($0.day.prefix(4)) })
        precondition(years.count <= 3, "a bill of years: \(years)")
    }

    /// Models from the input, one a line of a table.
    private static func checkTable(_ input: FuzzInput) {
        var input = input
        let separator = input.pick([",", ";", "\t"])
        let end = input.pick(["\n", "\r\n", "\r"])
        let models = input.text.unicodeScalars.split(separator: "\u{1F}", omittingEmptySubsequences: false)
            .prefix(64).map { String($0) }
        guard models.reduce(0, { $0 + $1.utf8.count }) <= 8 * 1024 else { return }
        let amount = separator == ";" ? "-1,5" : "-1.5"
        var table = ["date", "model", "cost_usd"].joined(separator: separator) + end
        for model in models {
            table += ["2026-11-01", quoted(model), amount].joined(separator: separator) + end
        }
        guard let amounts = try? CSVBill.read(Array(table.utf8)) else { preconditionFailure("no bill: \(table)") }
        precondition(amounts.count == models.count, table)
        for (model, read) in zip(models, amounts) {
            precondition(read.day == "2026-11-01" && read.amount == Money(pico: -1_500_000_000_000), table)
            precondition((read.model ?? "").utf8.elementsEqual(model.utf8), table)
        }
    }

    private static func quoted(_ text: String) -> String {
        var bytes = [UInt8(ascii: "\"")]
        for byte in text.utf8 { bytes += byte == UInt8(ascii: "\"") ? [byte, byte] : [byte] }
        return String(decoding: bytes + [UInt8(ascii: "\"")], as: UTF8.self)
    }

    private static func checkAmount(_ input: FuzzInput) {
        var input = input
        let shift = input.pick([0, -2])
        let text = input.text
        let amount = BillAmount.read(text, shift: shift)
        guard text.utf8.count <= 4096 else { return }
        guard let naive = NaiveDecimal(text), naive.fractionDigits != 0 else {
            return precondition(amount == nil, text)
        }
        let whole = naive.whole(movedBy: 12 + shift)?.value
        guard let amount else {
            return precondition(whole.map { $0 >= most } ?? true, text)
        }
        let sign: Int128 = naive.isNegative == true ? -1 : 1
        precondition(whole.map { $0 * sign } == amount.pico, text)
    }
}
