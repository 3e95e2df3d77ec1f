import Foundation

/// Recomputes a manifest's totals from saved ledger entries, one a line, piece by piece.
struct LineTotals {
    private struct Entry: Decodable {
        enum CodingKeys: String, CodingKey {
            case tenant = "tenant_id"
            case kind, cost
            case upstreamCost = "upstream_cost"
            case correctsPeriod = "corrects_period"
        }

        let tenant: String
        let kind: String
        let cost: String
        let upstreamCost: String?
        let correctsPeriod: String?
    }

    private let decoder = JSONDecoder()
    private var rest = Data()
    private var totals = RowTotals()

    mutating func add(_ bytes: [UInt8]) {
        guard totals.fault == nil else { return }
        rest += bytes
        var start = rest.startIndex
        while totals.fault == nil, let end = rest[start...].firstIndex(of: UInt8(ascii: "\n")) {
            take(rest[start..<end])
            start = end + 1
        }
        if rest.endIndex - start > RowTotals.longestLine { totals.failOverlong() }
        rest = totals.fault == nil ? Data(rest[start...]) : Data()
    }

    /// How the file and its manifest differ.
    func differences(from document: ExportDocument, rows: Int64) -> [String] {
        if totals.fault == nil, !rest.isEmpty { return ["does not end with a line"] }
        let names = ["cost", "requests", "corrections"] + (document.isUpstream ? ["upstream_cost"] : [])
        let entries = document.json["entries"].plain
        return totals.differences(from: document, names, rows: rows)
            + (entries == String(rows) ? [] : ["has \(rows) lines, the manifest says \(entries) entries"])
    }

    private mutating func take(_ line: Data) {
        guard line.count <= RowTotals.longestLine else { return totals.failOverlong() }
        guard let entry = try? decoder.decode(Entry.self, from: line) else {
            return totals.fail("row \(totals.rows + 1) is no entry")
        }
        totals.begin(entry.tenant)
        let cost = SavedAmount.pico(entry.cost)
        totals.add(cost, to: "cost", of: entry.tenant)
        if entry.correctsPeriod != nil { totals.add(cost, to: "corrections", of: entry.tenant) }
        if entry.kind == "settle" || entry.kind == "resolve" { totals.add(1, to: "requests", of: entry.tenant) }
        if let upstream = entry.upstreamCost {
            totals.add(SavedAmount.pico(upstream), to: "upstream_cost", of: entry.tenant)
        }
    }
}
