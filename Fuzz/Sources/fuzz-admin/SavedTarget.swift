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

    /// A line that is the manifest, then the file.
    static func run(_ bytes: UnsafeRawBufferPointer) {
        var input = FuzzInput(bytes)
        let shape = input.pick(shapes)
        var dice = input.dice()
        let manifest = input.line()
        checkAmounts(manifest)
        guard let document = ExportDocument(Array(manifest.utf8), name: "m") else { return }
        precondition(document.digests.found.count == 64 && document.sha256.count == 64)
        precondition(document.files.allSatisfy { !$0.name.contains("/") })
        let (whole, pieces) = ([input.array], input.bytes.pieces(&dice).map { Array($0.readableBytesView) })
        // As a table and as entries, whatever it is.
        let same = "what is found depends on the pieces"
        precondition(table(shape, whole, document) == table(shape, pieces, document), same)
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
}
