import Fuzzing
import Tenancy

#if canImport(TollgateFiles)
@testable import TollgateFiles
#else
@testable import Tollgate
#endif

/// Saved exports, which anybody may have changed since: a manifest, and a table or entries under it.
enum SavedTarget {
    private static let shapes = [TableTotals.Shape.ledger, .focus, .upstreamFocus, .invoices]

    /// Longer tables are only read: what is slow in them must be the product's.
    private static let comparedBytes = 8 * 1024
    /// For a file under no manifest.
    private static let plain = ExportDocument(
        Array(#"{"status":"closed","period":"2026-10","files":[],"totals":[],"digest":"0"}"#.utf8), name: "m")

    /// A line that is the manifest, then the file, which is read as every table and as entries, whatever it is.
    static func run(_ bytes: UnsafeRawBufferPointer) {
        var input = FuzzInput(bytes)
        checkAmounts(input.text)
        checkCells(input)
        let seed = input.byte()
        let manifest = input.line()
        let document = ExportDocument(Array(manifest.utf8), name: "m")
        if let document {
            precondition(document.digests.found.count == 64 && document.sha256.count == 64)
            precondition(document.files.allSatisfy { !$0.name.contains("/") })
        }
        guard let document = document ?? plain else { preconditionFailure("no manifest is one") }
        var dice = SplitMix64(seed: UInt64(seed))
        let (whole, pieces) = ([input.array], input.bytes.pieces(&dice).map { Array($0.readableBytesView) })
        let same = "what is found depends on the pieces"
        for shape in shapes {
            precondition(table(shape, whole, document) == table(shape, pieces, document), same)
        }
        precondition(lines(whole, document) == lines(pieces, document), same)
    }

    private static func table(
        _ shape: TableTotals.Shape, _ parts: [[UInt8]], _ document: ExportDocument
    ) -> [String] {
        var totals = TableTotals(shape, period: document.period)
        for part in parts where !part.isEmpty { totals.add(part) }
        return totals.differences(from: document, rows: 1)
    }

    private static func lines(_ parts: [[UInt8]], _ document: ExportDocument) -> [String] {
        var totals = LineTotals()
        for part in parts { totals.add(part) }
        return totals.differences(from: document, rows: 1)
    }

    /// An amount is what its digits say, or none.
    private static func checkAmounts(_ text: String) {
        for word in text.split(separator: ",").prefix(8) {
            guard let pico = SavedAmount.pico(String(word)) else { continue }
            let digits = word.drop { $0 == "-" }
            let fraction =
                digits.split(separator: ".", omittingEmptySubsequences: false).dropFirst().first?.utf8.count ?? 0
            var naive = Int128(0)
            for byte in digits.utf8 where byte != UInt8(ascii: ".") { naive = naive * 10 + Int128(byte - 0x30) }
            for _ in fraction..<12 { naive *= 10 }
            precondition(pico == (word.hasPrefix("-") ? 0 - naive : naive), "\(word) is \(pico)")
        }
    }

    private static func checkCells(_ input: FuzzInput) {
        var input = input
        let separator = input.pick([UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t")])
        var dice = input.dice()
        let bytes = input.array
        var whole = CSVReader(separator: separator)
        let lines = whole.lines(bytes)
        var split = CSVReader(separator: separator)
        var again: [[String]] = []
        for piece in input.bytes.pieces(&dice) { again += split.lines(piece.readableBytesView) }
        precondition(lines == again, "the lines depend on the pieces")
        guard bytes.count <= comparedBytes, !lines.isEmpty else { return }
        // Written with every cell in quotes, they are read again.
        let quote = UInt8(ascii: "\"")
        let written = lines.flatMap { line in
            let cells = line.map { cell in
                [quote] + cell.utf8.flatMap { $0 == quote ? [quote, quote] : [$0] } + [quote]
            }
            return Array(cells.joined(separator: [separator])) + Array("\r\n".utf8)
        }
        var third = CSVReader(separator: separator)
        precondition(third.lines(written) == lines, "\(lines)")
    }
}
