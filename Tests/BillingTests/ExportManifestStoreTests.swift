import GRDB
import Support
import Tenancy
import Testing

@testable import Billing

/// How the manifests of closed months hang together.
struct ExportManifestStoreTests {
    private func manifest(
        _ fixture: LedgerFixture, _ month: String, after previous: PreviousManifest?
    ) throws -> [UInt8] {
        let download = try ExportDownload.manifest(
            ExportQuery(format: .csv), try fixture.facts(month), after: previous, through: .max, file: fixture.file)
        var bytes: [UInt8] = []
        while let piece = try download.next() { bytes += piece }
        return bytes
    }

    private func previous(_ fixture: LedgerFixture, _ month: String) throws -> PreviousManifest? {
        let facts = try fixture.facts(month)
        return try fixture.file.read { try ExportManifestStore.previous($0, facts) }
    }

    /// November closes first, then October: what ties them is the order of closing.
    private func closed() async throws -> LedgerFixture {
        let fixture = try LedgerFixture(at: LedgerFixture.instant("2026-10-31T23:00:00Z"))
        try await fixture.spend(5)
        fixture.clock.set(try LedgerFixture.instant("2026-12-01T00:00:00Z"))
        try await fixture.close("2026-11")
        try await fixture.close("2026-10")
        return fixture
    }

    @Test func aManifestNamesThatOfTheMonthClosedBefore() async throws {
        let fixture = try await closed()
        #expect(try previous(fixture, "2026-11") == nil)
        #expect(throws: ExportError.manifestNotMade) { _ = try previous(fixture, "2026-10") }
        let november = try LedgerFixture.month("2026-11")
        #expect(try fixture.file.read { try ExportManifestStore.firstMissing($0) } == november)
        let sha256 = SecretBytes.hex(SecretBytes.sha256(try manifest(fixture, "2026-11", after: nil)))
        for _ in 0..<2 { try await fixture.journal.write { try ExportManifestStore.keep(sha256, of: november, $0) } }
        let named = try #require(try previous(fixture, "2026-10"))
        #expect(named == PreviousManifest(period: "2026-11", sha256: sha256))
        let text = String(decoding: try manifest(fixture, "2026-10", after: named), as: UTF8.self)
        #expect(text.contains(#""previous_period":"2026-11","previous_manifest_sha256":"\#(sha256)","digest":"#))
        #expect(try fixture.file.read { try ExportManifestStore.firstMissing($0) } == LedgerFixture.month("2026-10"))
        #expect(throws: ExportError.manifestNotMade) { _ = try previous(fixture, "2026-12") }
    }

    @Test(arguments: [
        "UPDATE export_manifests SET sha256 = hex(zeroblob(32))", "DELETE FROM export_manifests",
        "INSERT OR REPLACE INTO export_manifests VALUES ('2026-11', hex(zeroblob(32)))",
        "INSERT INTO export_manifests VALUES ('2026-12', hex(zeroblob(32)))",
    ])
    func whatAManifestCameToIsKept(sql: String) async throws {
        let fixture = try await closed()
        let (november, sha256) = (try LedgerFixture.month("2026-11"), String(repeating: "a", count: 64))
        try await fixture.journal.write { try ExportManifestStore.keep(sha256, of: november, $0) }
        await #expect(throws: DatabaseError.self) { try await fixture.journal.write { try $0.execute(sql: sql) } }
        #expect(try previous(fixture, "2026-10")?.sha256 == sha256)
    }
}
