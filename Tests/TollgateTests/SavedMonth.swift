import Billing
import Foundation
import Tenancy

@testable import Tollgate

/// A closed month's files as `export fetch` saves them, made up; whoever has them can make them up just as well.
struct SavedMonth {
    var period: String
    var number: Int
    /// Dollars by tenant.
    var costs: [(tenant: String, cost: Int)]
    var before: Link?

    /// What the next month's manifest says of this one.
    struct Link {
        let period: String
        let sha256: String
        let seal: String
    }

    var link: Link { Link(period: period, sha256: Self.digest(manifest), seal: seal) }
    var csvName: String { "tollgate-\(period)-csv.csv" }
    var linesName: String { "tollgate-\(period)-jsonl.jsonl" }
    var manifestName: String { "tollgate-\(period)-manifest.json" }

    var csv: String {
        "date,tenant_id,kind,requests,list_cost,cost,billed,corrects_period\r\n"
            + costs.map { "\(period)-01,\($0.tenant),usage,1,\($0.cost),\($0.cost),\($0.cost),\r\n" }.joined()
    }

    var lines: String {
        costs.map {
            #"{"tenant_id":"\#($0.tenant)","kind":"settle","cost":"\#($0.cost)","corrects_period":null}"# + "\n"
        }.joined()
    }

    var manifest: String {
        let totals = costs.map { total([$0.cost], #""tenant_id":"\#($0.tenant)","#) }
        let body = """
            {"period":"\(period)","status":"closed","closed_at":"2027-01-01T00:00:00Z","format_version":1,\
            "software_version":"1","number":\(number),"filters":{},"ledger_sequence":9,"entries":\(costs.count),\
            "files":[\(file(csvName, "csv", csv)),\(file(linesName, "jsonl", lines))],\
            "totals":[\(totals.joined(separator: ","))],\
            "total":\(total(costs.map { $0.cost }, "")),"chain_head":"c","facts_sha256":"f","seal_sha256":"\(seal)",\
            "previous_seal_sha256":\(Self.text(before?.seal)),"previous_period":\(Self.text(before?.period)),\
            "previous_manifest_sha256":\(Self.text(before?.sha256))
            """
        return body + #","digest":""# + Self.digest(body + "}") + "\"}\n"
    }

    /// Writes all of it.
    func save(in folder: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for (name, text) in [(csvName, csv), (linesName, lines), (manifestName, manifest)] {
            try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
        }
    }

    static func digest(_ text: String) -> String { SecretBytes.hex(SecretBytes.sha256(Array(text.utf8))) }

    private var seal: String {
        PeriodManifest.sha256([
            period, String(number), "1", "1", "1798761600000000", String(costs.count), "9",
            String(costs.reduce(0) { $0 + $1.cost }), "c", "f", before?.seal,
        ])
    }

    private func file(_ name: String, _ format: String, _ text: String) -> String {
        #"{"name":"\#(name)","format":"\#(format)","rows":\#(costs.count),"bytes":\#(text.utf8.count),"#
            + #""sha256":"\#(Self.digest(text))"}"#
    }

    private func total(_ costs: [Int], _ tenant: String) -> String {
        let sum = costs.reduce(0, +)
        return #"{\#(tenant)"rows":\#(costs.count),"requests":\#(costs.count),"list_cost":"\#(sum)","cost":"\#(sum)","#
            + #""corrections":"0","prepaid":"0","goodwill":"0","billed":"\#(sum)"}"#
    }

    private static func text(_ value: String?) -> String { value.map { "\"\($0)\"" } ?? "null" }
}
