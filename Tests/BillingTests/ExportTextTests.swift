import Tenancy
import Testing

@testable import Billing

/// How cells, numbers and names are written.
@Suite struct ExportTextTests {
    private func line(_ cells: [String], decimal: ExportQuery.Decimal = .point) -> String {
        var line = CSVLine(decimal: decimal)
        for cell in cells { line.text(cell) }
        line.end()
        return String(decoding: line.bytes, as: UTF8.self)
    }

    @Test func `cells are quoted where RFC 4180 wants it`() {
        #expect(line(["a", "b c", ""]) == "a,b c,\r\n")
        #expect(
            line(["a,b", "say \"x\"", "two\nlines", " x", "a;b"]) == #""a,b","say ""x""","#
                + "\"two\nlines\",\" x\",\"a;b\"\r\n")
    }

    @Test func `decimal commas come with semicolons, and only in numbers`() {
        var line = CSVLine(decimal: .comma)
        line.text("1.5")
        line.number("1.5")
        line.number("-0.25")
        line.number(nil)
        line.end()
        #expect(String(decoding: line.bytes, as: UTF8.self) == "1.5;1,5;-0,25;\r\n")
    }

    @Test(arguments: ["=1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", " =1", "\u{FEFF}=1", "\u{FF1D}1", "\u{FF0B}1"])
    func `texts that a spreadsheet would run stand behind an apostrophe`(text: String) {
        #expect(SpreadsheetText.isFormula(text))
        #expect(line([text]).contains("'" + text))
        #expect(!SpreadsheetText.isFormula("a" + text))
    }

    @Test func `numbers are never taken for formulas`() {
        var line = CSVLine()
        line.number("-12.5")
        line.end()
        #expect(String(decoding: line.bytes, as: UTF8.self) == "-12.5\r\n")
    }

    @Test func `every decimal of FOCUS has a point`() {
        #expect(FocusNumber.text(12) == "12.0")
        #expect(FocusNumber.text(Money(pico: 5_000_000_000_000)) == "5.0")
        #expect(FocusNumber.text(Money(pico: -1)) == "-0.000000000001")
    }

    @Test(arguments: [
        ("0.005", "0.00"), ("0.015", "0.02"), ("0.0150000001", "0.02"), ("0.025", "0.02"), ("12", "12.00"),
        ("0.994999", "0.99"),
    ])
    func `a statement rounds once, half to even`(amount: String, cents: String) throws {
        #expect(StatementRounding.cents(try Money(decimal: amount)) == cents)
        let negative = Money.zero - (try Money(decimal: amount))
        #expect(StatementRounding.cents(negative) == (cents == "0.00" ? cents : "-" + cents))
    }

    @Test func `JSON members keep their order and their bytes`() {
        var json = JSONLine()
        json.text("b", "say \"x\"\n")
        json.raw("a", "12")
        json.text("c", nil)
        #expect(String(decoding: json.end(), as: UTF8.self) == #"{"b":"say \"x\"\u000a","a":12,"c":null}"#)
        #expect(JSONLine.object(["b": "1", "a": "2"]) == #"{"a":"2","b":"1"}"#)
    }

    @Test(arguments: [
        0, 1, 999_999, 86_399_999_999, 86_400_000_000, -1, 1_772_323_199_000_000, 253_402_300_799_999_999,
    ])
    func `instants are written as everywhere else`(microseconds: Int64) {
        let instant = Timestamp(microseconds: microseconds)
        var text = InstantText()
        _ = text.json(Timestamp(microseconds: 0))
        #expect(String(decoding: text.json(instant), as: UTF8.self) == "\"\(instant.rfc3339)\"")
    }

    @Test func `gzip of pieces is gzip, and the same each time`() throws {
        func compressed() throws -> [UInt8] {
            let gzip = try GzipStream()
            var bytes: [UInt8] = []
            for place in 0..<1000 { bytes += try gzip.add(Array("line \(place)\n".utf8)) }
            return bytes + (try gzip.finish())
        }
        let bytes = try compressed()
        #expect(bytes == (try compressed()))
        #expect(Array(bytes.prefix(3)) == [0x1F, 0x8B, 8])
        // Neither a time nor a name.
        #expect(Array(bytes[3..<8]) == [0, 0, 0, 0, 0])
    }

    @Test func `file names say what is in the file and nothing else`() {
        var query = ExportQuery(format: .focus14)
        query.dataset = .invoiceDetail
        query.tag = ExportTag("team:../../etc/passwd\"")
        query.isByKey = true
        #expect(
            query.fileName(month: "2026-11")
                == "tollgate-2026-11-focus-1.4-invoice-detail-tag-team-------etc-passwd--by-key.csv")
        #expect(
            query.manifestName(month: "2026-11") == "tollgate-2026-11-manifest-tag-team-------etc-passwd--by-key.json")
    }

    @Test func `a tag's value stands behind the first colon, whatever mark it begins with`() {
        #expect(ExportTag("team")?.name == "team" && ExportTag("team")?.value == nil)
        #expect(ExportTag("team:a:b")?.name == "team" && ExportTag("team:a:b")?.value == "a:b")
        #expect(ExportTag("team:\u{301}x")?.name == "team" && ExportTag("team:\u{301}x")?.value == "\u{301}x")
        #expect(ExportTag(":x") == nil && ExportTag("") == nil)
    }

    @Test func `FOCUS has the columns of its versions`() {
        func names(_ version: FocusVersion) -> [String] {
            FocusColumn.columns(version, .tenant).map(\.rawValue).filter { !$0.hasPrefix("x_") }
        }
        #expect(names(.v12).count == 57)
        #expect(names(.v14).count == 65)
        #expect(names(.v12) == names(.v12).sorted())
        #expect(!FocusColumn.columns(.v12, .tenant).contains(.upstreamCost))
        #expect(FocusColumn.columns(.v14, .upstream).contains(.upstreamCost))
    }
}
