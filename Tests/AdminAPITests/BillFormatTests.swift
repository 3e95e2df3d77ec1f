import Billing
import Testing

@testable import AdminAPI

/// Bills as providers write them, and where one is wrong.
struct BillFormatTests {
    private func billed(_ format: BillFormat, _ text: String) throws -> [BilledAmount] {
        try format.read(Array(text.utf8))
    }

    private func fault(_ format: BillFormat, _ text: String) -> String {
        do {
            _ = try format.read(Array(text.utf8))
            return ""
        } catch {
            return error.detail
        }
    }

    private func openai(_ results: String, start: Int = 1_793_491_200, hasMore: Bool = false) -> String {
        #"{"data":[{"start_time":1793404800,"results":[]},{"start_time":\#(start),"results":[\#(results)]}],"#
            + #""has_more":\#(hasMore)}"#
    }

    @Test(arguments: [
        ("0", "0"), ("0E-6176", "0"), ("0e+400", "0"), ("-0.00", "0"), ("1.5", "1.5"), ("+1.5", "1.5"), (".5", "0.5"),
        ("-.5", "-0.5"), ("1E-6176", "0"), ("1.5e-3", "0.0015"), ("0.00012E4", "1.2"), ("12e2", "1200"),
        ("0.0123456789012345678901234567890123456789", "0.012345678901"),
        ("0.0000000000005", "0"), ("0.0000000000015", "0.000000000002"), ("0.00000000000050001", "0.000000000001"),
        ("10000000.25", "10000000.25"), ("1e12", "1000000000000"),
        ("0." + String(repeating: "0", count: 6000) + "1", "0"),
    ])
    func amountsAreExact(text: String, decimal: String) {
        #expect(BillAmount.read(text)?.decimal == decimal)
    }

    @Test(arguments: [
        "", "-", ".", "1.", "1.2.3", "e5", "1e", "1e5e3", "1e1.5", "0x10", "NaN", "Infinity", "1,5", "$1", "1 ", "--1",
        "+-1", "١", "1e13", "9e99999999999999999999",
    ])
    func whatIsNoAmountIsNone(text: String) {
        #expect(BillAmount.read(text) == nil)
    }

    @Test func centsAreMovedBeforeTheyAreRounded() {
        #expect(BillAmount.read("0.0000000001", shift: -2)?.decimal == "0.000000000001")
        #expect(BillAmount.read("123.45", shift: -2)?.decimal == "1.2345")
    }

    @Test func aReportNamesTheResultThatIsWrong() {
        func amount(_ value: String, _ currency: String = "\"usd\"") -> String {
            #"{"amount":{"value":\#(value),"currency":\#(currency)},"line_item":"o1, input"}"#
        }
        let good = amount("\"0E-6176\"")
        #expect(fault(.openai, openai(good)) == "")
        for (result, word) in [
            (amount("\"x\""), "\"x\" is no amount"), (amount("1e99"), "\"1e99\" is no amount"),
            (amount("1", "\"eur\""), "is in \"eur\""), (amount("1", "7"), "is in \"7\""),
            (amount("1", "[]"), "is in \"an array\""), (#"{"amount":null}"#, "has no amount"), ("7", "has no amount"),
        ] {
            let found = fault(.openai, openai("\(good),\(result)"))
            #expect(found.contains("bucket 2 (2026-11-01), result 2") && found.contains(word), "\(found)")
        }
        #expect(fault(.openai, #"{"data":[{"results":[]}]}"#).contains("bucket 1 has no start_time"))
        let second = fault(.openai, "[\(openai(good)),\(openai(amount("\"\"")))]")
        #expect(second.contains("page 2, bucket 2 (2026-11-01), result 1"))
        let anthropic = fault(
            .anthropic,
            #"{"data":[{"starting_at":"2026-11-01T00:00:00Z","results":[{"currency":"EUR","amount":"1"}]}]}"#)
        #expect(anthropic.contains("bucket 1 (2026-11-01), result 1 is in \"EUR\""))
        #expect(fault(.openai, "{\n\"data\":[\n}").contains("line 3"))
    }

    @Test func aReportThatGoesOnIsNotTheBill() throws {
        let result = #"{"amount":{"value":1,"currency":"usd"},"line_item":null}"#
        #expect(fault(.openai, openai(result, hasMore: true)).contains("has_more"))
        let both = "[\(openai(result, hasMore: true)),\(openai(result, start: 1_793_577_600))]"
        #expect(try billed(.openai, both).map(\.day) == ["2026-11-01", "2026-11-02"])
    }

    @Test(arguments: [
        ("day,cost\n2026-11-01,1\n\n2026-11-02,x\n", "line 4: \"x\" is no amount"),
        ("day,note,cost\n2026-11-01,\"two\nlines\",1\n2026-11-02,,y\n", "line 4: \"y\" is no amount"),
        ("day,cost\r\n2026-11-01,1\r\n2026-11-31,1\r\n", "line 3 has no day"),
        ("day,cost\r2026-11-01,1\r2026-11-02\r", "line 3 has 1 fields, the headings 2"),
        ("day,cost,currency\n2026-11-01,1,USD\n2026-11-02,1,EUR\n", "line 3 is in \"EUR\", not in USD"),
        ("day,cost,currency\n2026-11-01,1,\n", "line 2 is in \"\", not in USD"),
        ("day,cost\n2026-11-01,\"1\n", "line 2 opens a quote that is not closed"),
        ("day,cost\n2026-11-01,\"1\"5\n", "line 2 goes on behind a quote"),
        ("day,cost\n2026-11-01,\"1,5\"\n", "line 2: \"1,5\" is no amount"),
        ("day;cost\n2026-11-01;1.234,56\n", "line 2: \"1.234.56\" is no amount"),
        ("a,b\n", "line 1 needs headings"), ("", "line 1 needs headings"),
        (
            "day,cost\n1970-01-05,1\n2026-11-01,1\n9998-10-05,1\n",
            "more than 400 days apart: 1970-01-05 (line 2) and 2026-11-01 (line 3)"
        ),
    ])
    func aTableNamesTheLineThatIsWrong(text: String, word: String) {
        let found = fault(.csv, text)
        #expect(found.contains(word), "\(found)")
    }

    /// A body of separators alone would be a cell for every byte.
    @Test func aTableWithManyMarksOnALetterIsRefused() {
        let marks = String(repeating: "\u{301}\u{316}", count: 16)
        #expect(fault(.csv, "day,cost,model\n2026-11-01,1,m\(marks)\n").contains("marks"))
    }

    @Test func aLineHasAThousandFieldsAtMost() throws {
        func commas(_ count: Int) -> String { String(repeating: ",", count: count) }
        #expect(fault(.csv, "day,cost\n2026-11-01,1\n" + commas(1000) + "\n").contains("line 3 has more than 1000"))
        #expect(fault(.csv, "day,cost" + commas(1000) + "\n2026-11-01,1\n").contains("line 1 needs headings"))
        let widest = "day,cost" + commas(998) + "\n2026-11-01,1" + commas(998) + "\n"
        #expect(try billed(.csv, widest).map(\.amount.decimal) == ["1"])
    }

    @Test func tablesOfOthersAreRead() throws {
        let openai = """
            start_time,end_time,amount_value,amount_currency,line_item,project_id
            1793491200,1793577600,0E-6176,usd,"gpt-4o-2024-08-06, input",proj_1
            1793577600,1793664000,,,,
            1793664000,1793750400,1.25,usd,,proj_1

            """
        let found = try billed(.csv, openai)
        #expect(found.map(\.day) == ["2026-11-01", "2026-11-03"] && found.map(\.model) == ["gpt-4o-2024-08-06", nil])
        #expect(found.map(\.amount.decimal) == ["0", "1.25"])
        let ours = "\u{FEFF}date;model;currency;list_cost;cost\r\n2026-11-01;m;USD;2,5;-1,25\r\n"
        #expect(try billed(.csv, ours).map(\.amount.decimal) == ["-1.25"])
        #expect(try billed(.csv, "day\tmodel\tcost\n2026-11-01\ta,b; c\t 1 \n").map(\.model) == ["a,b; c"])
    }
}
