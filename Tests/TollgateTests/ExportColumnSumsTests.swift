import Testing

@testable import Tollgate

/// Files that nobody wrote.
struct ExportColumnSumsTests {
    @Test(arguments: [
        ["100000000000000000000000000000"], ["170141183460469231731687303715884105727"],
        ["-100000000000000000000000000000"], ["99999999999999999999999999", "99999999999999999999999999", "1e3"],
        ["--1"], ["100000000000000000000000000", "100000000000000000000000000"],
    ])
    func anAmountThatDoesNotFitIsAFaultAndNoTrap(amounts: [String]) throws {
        var sums = ExportColumnSums()
        let lines = amounts.map { "ten_1,\($0),0,0\r\n" }.joined()
        sums.add(Array("tenant_id,cost,list_cost,billed\r\n\(lines)".utf8))
        let document = try #require(ExportDocument(Array(#"{"totals":[],"digest":""}"#.utf8)))
        #expect(!sums.differences(from: document, rows: Int64(amounts.count)).isEmpty)
    }
}
