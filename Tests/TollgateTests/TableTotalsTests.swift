import Testing

@testable import Tollgate

/// Files that nobody wrote, and what rows are added up to.
struct TableTotalsTests {
    private func differences(
        _ shape: TableTotals.Shape, _ table: String, _ manifest: String, rows: Int64, piece length: Int = 50
    ) throws -> [String] {
        var totals = TableTotals(shape, period: "2026-10")
        // In pieces, as files are read.
        for piece in stride(from: 0, to: table.utf8.count, by: length) {
            totals.add(Array(table.utf8.dropFirst(piece).prefix(length)))
        }
        let document = try #require(ExportDocument(Array(manifest.utf8), name: "m"))
        return totals.differences(from: document, rows: rows)
    }

    @Test(arguments: [
        ["100000000000000000000000000000"], ["170141183460469231731687303715884105727"],
        ["-100000000000000000000000000000"], ["99999999999999999999999999", "99999999999999999999999999", "1e3"],
        ["--1"], ["+1"], ["100000000000000000000000000", "100000000000000000000000000"],
    ])
    func anAmountThatDoesNotFitIsAFaultAndNoTrap(amounts: [String]) throws {
        let lines = amounts.map { "ten_1,\($0),0,0\r\n" }.joined()
        let table = "tenant_id,cost,list_cost,billed\r\n\(lines)"
        #expect(
            try !differences(.ledger, table, #"{"totals":[],"digest":""}"#, rows: Int64(amounts.count)).isEmpty)
    }

    @Test(arguments: [TableTotals.Shape.ledger, .focus, .upstreamFocus, .invoices])
    func aHeadingThatIsThereTwiceIsAFaultAndNoTrap(shape: TableTotals.Shape) throws {
        let table = "x,x,tenant_id,SubAccountId,InvoiceId\r\na,b,c,d\r\na,b,c,d,e\r\n"
        #expect(
            try differences(shape, table, #"{"status":"closed","totals":[],"digest":""}"#, rows: 2)
                == ["the heading x is there twice"])
    }

    @Test(arguments: [1, 2, 3, 4, 40, 1000])
    func aTableForExcelIsTheSameInAnyPieces(piece: Int) throws {
        let table = "\u{FEFF}tenant_id;requests;list_cost;cost;billed\r\nten_a;3;2;1,5;-0,25\r\n"
        let manifest =
            #"{"totals":[{"tenant_id":"ten_a","rows":1,"requests":3,"list_cost":"2","cost":"1.5","corrections":"0","#
            + #""prepaid":"0","goodwill":"0","billed":"-0.2"}],"digest":""}"#
        let found = try differences(.ledger, table, manifest, rows: 1, piece: piece)
        #expect(found == ["billed of ten_a is not what the manifest says"])
    }

    @Test func `a short line takes no more room for standing below a wide one`() {
        var reader = CSVReader()
        let lines = reader.lines(
            Array((String(repeating: ",", count: 4_000) + String(repeating: "\n", count: 100)).utf8))
        #expect(lines.map(\.count) == [4_001] + Array(repeating: 1, count: 99))
        #expect(lines.dropFirst().allSatisfy { $0.capacity < 16 })
    }

    @Test(arguments: [1 << 16, 1 << 20, 1 << 22])
    func `a line longer than any that was saved is a fault, and is not kept`(piece: Int) throws {
        let long = String(repeating: "x", count: RowTotals.longestLine + 1)
        let manifest = #"{"entries":0,"totals":[],"digest":""}"#
        let fault = ["after 0 rows comes a line of more than 1048576 bytes"]
        for table in [long, long + "\n", "a,b\n\"" + long, "a,b\n" + long + "\r\n"] {
            #expect(try differences(.ledger, table, manifest, rows: 0, piece: piece) == fault)
        }
        let document = try #require(ExportDocument(Array(manifest.utf8), name: "m"))
        for text in [long, long + "\n"] {
            var lines = LineTotals()
            for start in stride(from: 0, to: text.utf8.count, by: piece) {
                lines.add(Array(text.utf8.dropFirst(start).prefix(piece)))
            }
            #expect(lines.differences(from: document, rows: 0) == fault)
        }
    }

    @Test func everyTotalIsWorkedOutAnew() throws {
        let table = """
            tenant_id,kind,requests,list_cost,cost,billed,corrects_period\r
            ten_a,usage,3,2,1.5,1,\r
            ten_a,adjustment,0,0.5,0.5,0.5,2026-08\r
            ten_a,purchase,0,0,0,7,\r
            ten_a,credit,0,0,0,-0.25,\r

            """
        func manifest(_ goodwill: String) -> String {
            #"{"status":"closed","totals":[{"tenant_id":"ten_a","rows":4,"requests":3,"list_cost":"2.5","cost":"2","#
                + #""corrections":"0.5","prepaid":"7","goodwill":"\#(goodwill)","billed":"8.25"}],"digest":""}"#
        }
        #expect(try differences(.ledger, table, manifest("0.25"), rows: 4) == [])
        #expect(
            try differences(.ledger, table, manifest("0.2"), rows: 4)
                == ["goodwill of ten_a is not what the manifest says"])
        #expect(
            try differences(.ledger, table + "ten_a,1\r\n", manifest("0.25"), rows: 4)
                == ["row 5 has 2 cells under 7 headings"])
    }

    @Test func focusHasTheSameTotals() throws {
        let table = """
            SubAccountId,ChargeCategory,BilledCost,EffectiveCost\r
            ten_a,Usage,1.0,1.5\r
            ten_a,Adjustment,0.5,0.5\r
            ten_a,Purchase,7.0,0.0\r
            ten_a,Credit,-0.25,-0.25\r

            """
        let manifest =
            #"{"totals":[{"tenant_id":"ten_a","cost":"2","billed":"8.25","upstream_cost":"8.25"}],"digest":""}"#
        #expect(try differences(.focus, table, manifest, rows: 4) == [])
        #expect(try differences(.upstreamFocus, table, manifest, rows: 4) == [])
        let invoices = "InvoiceId,BilledCost\r\ninv_2026-10_ten_a,8.0\r\ninv_2026-10_ten_a,0.25\r\n"
        let closed = manifest.replacing(#"{"totals""#, with: #"{"status":"closed","totals""#)
        #expect(try differences(.invoices, invoices, closed, rows: 2) == [])
        #expect(try differences(.invoices, invoices.replacing("8.0", with: "9.0"), closed, rows: 2).count == 1)
    }
}
