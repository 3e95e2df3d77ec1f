import Foundation
import Testing

@testable import Tollgate

/// What `export verify` finds in files that somebody changed, and what it cannot find.
struct ExportReportTests {
    private let folder: TemporaryFolder
    private let october = SavedMonth(
        period: "2026-10", number: 1, costs: [("ten_a", 10), ("ten_b", 20)], before: nil)

    init() throws {
        folder = try TemporaryFolder()
    }

    private var november: SavedMonth {
        SavedMonth(period: "2026-11", number: 2, costs: [("ten_a", 5)], before: october.link)
    }

    private func report(
        _ below: String = "", expected: String? = nil, allowsMissing: Bool = false
    ) throws -> ExportReport {
        try ExportReport(folder.path + below, expected: expected, allowsMissing: allowsMissing)
    }

    private func saveBoth() throws {
        try october.save(in: folder.path + "/2026-10")
        try november.save(in: folder.path + "/2026-11")
    }

    @Test func monthsInFoldersOfTheirOwnHangTogether() throws {
        try saveBoth()
        let found = try report()
        #expect(found.differences == [])
        #expect(found.lines.first == "ok: 2 manifests, 4 files")
        #expect(found.lines.contains { $0.contains(november.link.sha256) })
        #expect(try report(expected: november.link.sha256).differences == [])
    }

    /// Every hash, sum and seal of the month is made anew; the manifest of the month after it is what it was.
    @Test func aForgedMonthIsNotTheOneThatTheNextNames() throws {
        try saveBoth()
        var forged = october
        forged.costs[0].cost = 9
        try forged.save(in: folder.path + "/2026-10")
        #expect(
            try report().differences == [
                "tollgate-2026-11-manifest.json: names another manifest of 2026-10 than the one that is here"
            ])
        // Money moved from one tenant to another leaves the close's total as it was.
        forged.costs = [("ten_a", 11), ("ten_b", 19)]
        try forged.save(in: folder.path + "/2026-10")
        #expect(try report().differences.count == 1)
    }

    /// Who forges all months up to the last one is only told by what was noted elsewhere.
    @Test func aForgedChainIsNotTheOneThatWasNoted() throws {
        try saveBoth()
        let noted = november.link.sha256
        var forged = (october, november)
        forged.0.costs[0].cost = 9
        forged.1.before = forged.0.link
        try forged.0.save(in: folder.path + "/2026-10")
        try forged.1.save(in: folder.path + "/2026-11")
        #expect(try report().differences == [])
        #expect(try report(expected: noted).differences.count == 1)
    }

    @Test func totalsAreThoseOfTheRowsInEveryFormat() throws {
        var forged = october
        forged.costs = [("ten_a", 11), ("ten_b", 19)]
        for (name, text) in [(october.csvName, forged.csv), (october.linesName, forged.lines)] {
            try october.save(in: folder.path)
            _ = try folder.write(text, to: name)
            let found = try report().differences.filter { $0.hasPrefix(name) && $0.contains("cost of ten_a") }
            #expect(!found.isEmpty, "\(name)")
        }
    }

    @Test func theFiguresOfACloseAreThoseOfItsSeal() throws {
        try october.save(in: folder.path)
        var other = october
        other.number = 2
        let seal = other.link.seal
        _ = try folder.write(
            october.manifest.replacingOccurrences(of: october.link.seal, with: seal), to: october.manifestName)
        #expect(try report().differences.contains { $0.contains("not those of the close with the seal \(seal)") })
    }

    @Test func aManifestThatNamesNoneBeforeItIsTheFirst() throws {
        let alone = SavedMonth(period: "2026-11", number: 2, costs: [("ten_a", 5)], before: nil)
        try alone.save(in: folder.path)
        #expect(try report().differences.count == 1)
        try november.save(in: folder.path)
        #expect(try report().differences == [])
        #expect(try report().lines.contains("not checked, as it is not here: the manifest of 2026-10"))
    }

    @Test func aMonthHasOneManifest() throws {
        try saveBoth()
        var other = october
        other.costs[0].cost = 9
        try other.save(in: folder.path + "/again")
        #expect(try report().differences.contains("2026-10: there are manifests of it that differ"))
    }

    // MARK: What was fetched

    private func note(_ names: [String]) throws {
        var fetched = FetchedFiles(beside: october.manifestName, in: URL(fileURLWithPath: folder.path))
        for name in names {
            // Not read as a text, which would lose a byte order mark.
            let text = String(
                decoding: try Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/\(name)")), as: UTF8.self)
            fetched.note(ExportSaving.Saved(name: name, bytes: 0, sha256: SavedMonth.digest(text)))
        }
        try fetched.save()
    }

    @Test func whatWasNotFetchedIsNotMissing() throws {
        try october.save(in: folder.path)
        try FileManager.default.removeItem(atPath: "\(folder.path)/\(october.linesName)")
        #expect(try report().differences == ["\(october.linesName): is missing"])
        #expect(try report(allowsMissing: true).differences == [])
        try note([october.manifestName, october.csvName])
        #expect(try report().differences == [])
        #expect(try report().lines.contains("not checked, as they were not fetched: 1 files"))
        try FileManager.default.removeItem(atPath: "\(folder.path)/\(october.csvName)")
        #expect(try report().differences == ["\(october.csvName): is missing"])
    }

    @Test func aWorkbookIsWhatWasFetched() throws {
        try october.save(in: folder.path)
        let book = "tollgate-2026-10-xlsx.xlsx"
        _ = try folder.write("a workbook", to: book)
        #expect(try report().lines.last == "not checked, as no manifest lists it: \(book)")
        try note([october.manifestName, october.csvName, october.linesName, book])
        #expect(try report().lines.first == "ok: 1 manifest, 3 files" && report().lines.count == 2)
        _ = try folder.write("another one", to: book)
        #expect(try report().differences.map { $0.prefix(book.count) } == [book[...]])
    }

    @Test func aTableInAnotherStyleHasTheSameTotals() throws {
        try october.save(in: folder.path)
        let name = "tollgate-2026-10-csv-excel-comma.csv"
        let styled = "\u{FEFF}" + october.csv.replacingOccurrences(of: ",", with: ";")
        _ = try folder.write(styled, to: name)
        try note([name])
        #expect(try report().differences == [])
        _ = try folder.write(styled.replacingOccurrences(of: ";10;", with: ";9,5;"), to: name)
        try note([name])
        #expect(try report().differences.contains("\(name): billed of ten_a is not what the manifest says"))
    }

    @Test(arguments: ["", "x", "zz  a\n", String(repeating: "0", count: 64) + "  a/../b\n"])
    func aListThatNobodyWroteIsTold(text: String) throws {
        try october.save(in: folder.path)
        _ = try folder.write(text, to: "tollgate-2026-10-manifest.sha256")
        #expect(try report().differences.contains("tollgate-2026-10-manifest.sha256: was changed"))
    }
}
