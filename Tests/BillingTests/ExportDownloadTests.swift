import GRDB
import Support
import Tenancy
import Testing

@testable import Billing

/// Downloads over a ledger with a few entries.
@Suite struct ExportDownloadTests {
    private func bytes(_ download: ExportDownload) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let piece = try download.next() { bytes += piece }
        return bytes
    }

    private func file(
        _ fixture: LedgerFixture, _ query: ExportQuery, _ facts: PeriodFacts, through: Int64 = .max
    ) throws -> [UInt8] {
        try bytes(ExportDownload(query, facts, through: through, file: fixture.file))
    }

    private func fixture() async throws -> (fixture: LedgerFixture, facts: PeriodFacts) {
        let fixture = try LedgerFixture(at: try LedgerFixture.instant("2026-10-31T23:00:00Z"))
        for amount in 1...20 {
            try await fixture.spend(amount)
            fixture.clock.advance(milliseconds: 500)
        }
        return (fixture, try fixture.facts("2026-10"))
    }

    @Test(arguments: ExportFormat.allCases) func `the same file twice is the same bytes`(format: ExportFormat)
        async throws
    {
        let (fixture, facts) = try await fixture()
        let query = ExportQuery(format: format)
        let first = try file(fixture, query, facts)
        #expect(!first.isEmpty)
        #expect(first == (try file(fixture, query, facts)))
    }

    @Test func `the rows of a month add up to its entries`() async throws {
        let (fixture, facts) = try await fixture()
        var rows = try ExportRowsStore(ExportQuery(format: .csv), facts, through: .max, fixture.file)
        var sum = Money.zero
        while let next = try rows.next() { sum = next.reduce(sum) { $0 + $1.cost } }
        #expect(sum.pico == Int128(try fixture.sum("cost")))
        #expect(sum > .zero)
    }

    @Test func `entries after the last that counts are not in the file`() async throws {
        let (fixture, facts) = try await fixture()
        let lines = try file(fixture, ExportQuery(format: .jsonl), facts, through: 7)
        #expect(lines.count { $0 == UInt8(ascii: "\n") } == 7)
    }

    @Test func `an entry whose name is of another time is in every file`() async throws {
        let (fixture, facts) = try await fixture()
        try await fixture.journal.write { db in
            try db.execute(
                sql: """
                    INSERT INTO ledger SELECT 1000, node_id, 1000, 'zzz', attempt, kind, tenant_id, key_id, model, pool,
                        backend_id, admitted_at, ended_at, period, price_version, multiplier_ppm, list_cost, cost,
                        upstream_cost, input, input_cache_read, input_cache_write_5m, input_cache_write_1h, output,
                        output_reasoning, other_meters, provenance, outcome, status, stream, corrects_period, emergency
                    FROM ledger WHERE seq = 1
                    """)
        }
        let lines = try file(fixture, ExportQuery(format: .jsonl), facts)
        #expect(lines.count { $0 == UInt8(ascii: "\n") } == 21)
        var rows = try ExportRowsStore(ExportQuery(format: .csv), facts, through: .max, fixture.file)
        var sum = Money.zero
        while let next = try rows.next() { sum = next.reduce(sum) { $0 + $1.cost } }
        #expect(sum.pico == Int128(try fixture.sum("cost")))
    }

    @Test func `a manifest tells the digest of every file and of itself`() async throws {
        let (fixture, facts) = try await fixture()
        let manifest = try bytes(
            .manifest(ExportQuery(format: .csv), facts, after: nil, through: 20, file: fixture.file))
        let text = String(decoding: manifest, as: UTF8.self)
        for format in ExportFormat.allCases where format != .xlsx {
            let digest = SecretBytes.hex(SecretBytes.sha256(try file(fixture, ExportQuery(format: format), facts)))
            #expect(text.contains("\"sha256\":\"\(digest)\""), Comment(rawValue: format.rawValue))
        }
        let parts = text.split(separator: ",\"digest\":\"", maxSplits: 1).map(String.init)
        #expect(parts.last == SecretBytes.hex(SecretBytes.sha256(Array((parts[0] + "}").utf8))) + "\"}\n")
    }

    @Test func `places are few, and given back`() {
        let thread = ExportThread()
        for _ in 0..<ExportThread.limit { #expect(thread.begin() == true) }
        #expect(thread.begin() == false)
        thread.end()
        #expect(thread.begin() == true)
    }

    @Test func `steps run one after the other, away from the caller`() async throws {
        let thread = ExportThread()
        let sums = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<50 { group.addTask { try await thread.run { number } } }
            return try await group.reduce(0, +)
        }
        #expect(sums == 1225)
        await #expect(throws: ExportError.temporaryFile) { try await thread.run { throw ExportError.temporaryFile } }
    }
}
