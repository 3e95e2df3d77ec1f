import Foundation
import GRDB
import Support
import Tenancy
import Testing

@testable import Billing

/// The bytes of a small closed month in every format, for ever.
///
/// When this fails, do not change a digest: give the changed writer a new `format_version` in `ExportDownload`, keep
/// the old one for months that were closed with it, and pin the new one's in a file of its own beside it.
struct ExportDigestTests {
    /// By name, of the version's file in `Goldens`.
    private static func pinned(_ version: Int) throws -> [String: String] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Goldens")
        let text = try String(contentsOf: folder.appendingPathComponent("exports-\(version).sha256"), encoding: .utf8)
        let pairs = text.split(separator: "\n").map { $0.split(separator: " ", maxSplits: 1).map(String.init) }
        return pairs.reduce(into: [:]) { $0[$1.last ?? ""] = $1.first }
    }

    /// Two days, two models, a correction without a count, unknown upstream costs, both kinds of credit.
    private func closed() async throws -> LedgerFixture {
        let fixture = try LedgerFixture(at: LedgerFixture.instant("2026-10-01T00:00:00Z"))
        let start = fixture.clock.now()
        let price = PriceVersion(
            id: "prc_1", model: "m", effectiveFrom: start, publishedAt: start,
            rates: try Rates(perMillion: ["input": "2.5", "output": "10"]))
        let upstream = PriceVersion(
            id: "prc_2", model: "m", kind: .upstream, effectiveFrom: start, publishedAt: start,
            rates: try Rates(perMillion: ["input": "2", "output": "8"]))
        try await fixture.journal.write { db in
            _ = try BillingStore.insert(price, db)
            _ = try BillingStore.insert(upstream, db)
            for (id, kind) in [("crd_1", Credit.Kind.prepaid), ("crd_2", .goodwill)] {
                try CreditStore.insert(
                    Credit(
                        id: ID(id), tenantID: LedgerFixture.tenant, amount: Money(pico: 30_000_000), kind: kind,
                        note: nil, createdAt: start, createdBy: "finance"), db)
            }
            let lines: [(hours: Int64, model: String, key: String, kind: String, cost: Int64, upstream: Int64?)] = [
                (1, "m", "key_a", "settle", 27_500_000, 22_000_000), (2, "m", "key_b", "settle", 34_375_000, nil),
                (30, "other", "key_a", "settle", 0, nil), (31, "m", "key_a", "excess", 1_000_001, nil),
            ]
            for (place, line) in lines.enumerated() {
                let admitted = start.adding(milliseconds: line.hours * 3_600_000)
                let ppm: Int64 = line.cost == 34_375_000 ? 1_250_000 : 1_000_000
                let list = line.kind == "excess" ? line.cost : line.cost * 1_000_000 / ppm
                let units: Int64 = line.kind == "excess" ? 0 : 3
                let output: Int64 = units == 0 ? 0 : 2
                let version: String? = line.model == "m" ? "prc_1" : nil
                let corrects: String? = units == 0 ? "2026-08" : nil
                try db.execute(
                    sql: """
                        INSERT INTO ledger (seq, node_id, node_seq, request_id, attempt, kind, tenant_id, key_id,
                            model, pool, backend_id, admitted_at, ended_at, period, price_version, multiplier_ppm,
                            list_cost, cost, upstream_cost, input, input_cache_read, input_cache_write_5m,
                            input_cache_write_1h, output, output_reasoning, other_meters, provenance, outcome, status,
                            stream, corrects_period, emergency)
                        VALUES (?, 'n1', ?, ?, 1, ?, 'ten_1', ?, ?, 'p', 'be_1', ?, ?, '2026-10', ?, ?, ?, ?, ?, ?, 0,
                            0, 0, ?, 0, NULL, 'reported', 'answered', 200, 0, ?, 0)
                        """,
                    arguments: [
                        place + 1, place + 1, RequestID.lowest(at: admitted).text, line.kind, line.key, line.model,
                        admitted.microseconds, admitted.microseconds + 1_500_000, version, ppm, list, line.cost,
                        line.upstream, units, output, corrects,
                    ])
            }
        }
        fixture.clock.set(try LedgerFixture.instant("2026-11-02T03:04:05Z"))
        try await fixture.close("2026-10")
        return fixture
    }

    private static let queries: [(name: String, query: ExportQuery)] = {
        var queries: [(name: String, query: ExportQuery)] = ExportFormat.allCases.filter { $0 != .xlsx }.map {
            (name: $0.rawValue, query: ExportQuery(format: $0))
        }
        func add(_ name: String, _ format: ExportFormat, _ change: (inout ExportQuery) -> Void) {
            var query = ExportQuery(format: format)
            change(&query)
            queries.append((name: name, query: query))
        }
        for format in ExportFormat.allCases where format.hasUpstreamView {
            add("\(format.rawValue) upstream", format) { $0.view = .upstream }
        }
        for dataset in [FocusDataset.billingPeriod, .invoiceDetail] {
            add(dataset.rawValue, .focus14) { $0.dataset = dataset }
        }
        add("csv by key", .csv) { $0.isByKey = true }
        add("csv for excel", .csv) {
            $0.profile = .excel
            $0.decimal = .comma
        }
        return queries
    }()

    @Test func theBytesOfVersionOneAreThese() async throws {
        let fixture = try await closed()
        let facts = try fixture.facts("2026-10")
        let last = try #require(facts.period.seal).lastSequence
        var found: [String: String] = [:]
        func note(_ name: String, _ download: ExportDownload) throws {
            var bytes: [UInt8] = []
            while let piece = try download.next() { bytes += piece }
            found[name] = SecretBytes.hex(SecretBytes.sha256(bytes))
        }
        for (name, query) in Self.queries {
            try note(name, ExportDownload(query, facts, through: last, file: fixture.file))
        }
        try note("manifest", .manifest(ExportQuery(format: .csv), facts, after: nil, through: last, file: fixture.file))
        #expect(facts.formatVersion == 1)
        let pinned = try Self.pinned(1)
        for (name, digest) in found.sorted(by: { $0.key < $1.key }) {
            #expect(pinned[name] == digest, "\(digest) \(name)")
        }
        #expect(found.count == pinned.count)
    }

    @Test func theSheetsOfVersionOneHaveTheseColumns() throws {
        var query = ExportQuery(format: .xlsx)
        query.isByKey = true
        #expect(
            WorkbookSheets.rowColumns(query).map(\.name) == [
                "date", "tenant_id", "tenant", "pool", "model", "meter", "kind", "price_version", "corrects_period",
                "requests", "units", "unit_price_exact", "list_cost", "list_cost_exact", "cost", "cost_exact", "billed",
                "billed_exact", "key_id", "key",
            ])
    }
}
