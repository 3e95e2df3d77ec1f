import Foundation
import Fuzzing
import NIOCore

@testable import Billing
@testable import Proxy

/// Any text comes out of a table, of JSON and of HTML as it went in, and never as a formula or a tag.
enum CellsTarget {
    /// Longer texts are only written: what is slow in them must be the product's.
    private static let comparedBytes = 16 * 1024

    static func run(_ bytes: UnsafeRawBufferPointer) {
        var input = FuzzInput(bytes)
        let hasCommas = input.flag()
        // Cells by the one byte that seldom stands in a text.
        let texts = input.text.unicodeScalars.split(separator: "\u{1F}", omittingEmptySubsequences: false)
            .prefix(64).map { String($0) }
        let isCompared = texts.reduce(0) { $0 + $1.utf8.count } <= comparedBytes
        checkTable(texts, hasCommas: hasCommas, isCompared: isCompared)
        checkJSON(texts, isCompared: isCompared)
        for text in texts { checkHTML(text, isCompared: isCompared) }
    }

    private static func checkTable(_ texts: [String], hasCommas: Bool, isCompared: Bool) {
        var line = CSVLine(decimal: hasCommas ? .comma : .point)
        for text in texts { line.text(text) }
        line.number("1.5")
        line.end()
        line.text("next")
        line.end()
        let bytes = line.take()
        guard isCompared else { return }
        let table = NaiveTable.read(bytes, separator: UInt8(ascii: hasCommas ? ";" : ","))
        precondition(table.count == 2 && table[1] == [Array("next".utf8)], "a line ends elsewhere")
        precondition(table[0].count == texts.count + 1, "cells: \(texts)")
        precondition(table[0].last?.elementsEqual((hasCommas ? "1,5" : "1.5").utf8) == true)
        for (text, cell) in zip(texts, table[0]) {
            let isShielded = SpreadsheetText.isFormula(text)
            precondition(cell.elementsEqual(((isShielded ? "'" : "") + text).utf8), text)
            precondition(!isRun(cell), "a spreadsheet would run \(text)")
        }
    }

    /// Whether the first byte that is to be seen begins a formula.
    private static func isRun(_ cell: [UInt8]) -> Bool {
        let first = cell.first { ![0x20, 0x09, 0x0D, 0x0A].contains($0) }
        return first.map { "=+-@".utf8.contains($0) } ?? false
    }

    private static func checkJSON(_ texts: [String], isCompared: Bool) {
        var line = JSONLine()
        for (place, text) in texts.enumerated() { line.text("\(place)", text) }
        line.raw("n", "null")
        let bytes = line.end()
        var writer = JSONWriter()
        writer.array { writer in
            for text in texts {
                writer.object { writer in
                    writer.key(text: text)
                    writer.string(text)
                }
            }
        }
        guard isCompared else { return }
        guard let object = try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any],
            let array = try? JSONSerialization.jsonObject(with: Data(writer.buffer.readableBytesView)) as? [Any]
        else { preconditionFailure("another reader takes it for no JSON: \(texts)") }
        precondition(object.count == texts.count + 1 && array.count == texts.count)
        for (place, text) in texts.enumerated() {
            precondition(isSame(object["\(place)"], text), text)
            let member = (array[place] as? [String: Any])?.first
            precondition(isSame(member?.key, text) && isSame(member?.value, text), text)
        }
    }

    /// Byte order marks apart, which the other reader leaves out at the start of a text and behind an escape.
    private static func isSame(_ value: Any?, _ text: String) -> Bool {
        guard let read = value as? String else { return false }
        let marks: Unicode.Scalar = "\u{FEFF}"
        return read.unicodeScalars.filter { $0 != marks }.elementsEqual(text.unicodeScalars.filter { $0 != marks })
    }

    private static func checkHTML(_ text: String, isCompared: Bool) {
        let escaped = HTMLText.escaped(text)
        precondition(!escaped.utf8.contains { "<>\"'".utf8.contains($0) }, text)
        guard isCompared else { return }
        let words = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")]
        var plain: [UInt8] = []
        var rest = Array(escaped.utf8)[...]
        while let byte = rest.first {
            if let (word, meant) = words.first(where: { rest.starts(with: $0.0.utf8) }) {
                plain += meant.utf8
                rest = rest.dropFirst(word.utf8.count)
            } else {
                precondition(byte != UInt8(ascii: "&"), "an open reference: \(text)")
                plain.append(byte)
                rest = rest.dropFirst()
            }
        }
        precondition(plain.elementsEqual(text.utf8), text)
    }
}
