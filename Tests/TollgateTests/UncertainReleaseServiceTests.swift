import Billing
import Logging
import Support
import Tenancy
import Testing

@testable import Tollgate

struct UncertainReleaseServiceTests {
    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    @Test func `what the clock releases is in the audit log, and nothing of what is not due`() async throws {
        let folder = try TemporaryDatabase()
        defer { folder.remove() }
        let clock = ManualClock()
        let file = try DatabaseFile.open(
            path: folder.path, migrations: [TenancySchema.register, BillingSchema.register])
        defer { try? file.close() }
        let owner = Tenant(id: ID("ten_a"), name: "a", uncertainReleaseAfterSeconds: 60, createdAt: clock.now())
        try file.write { db in try TenancyStore.insert(db, tenant: owner) }
        try await leaveHold(of: owner, in: file, at: clock)
        let journal = Journal(file: file, time: clock, logger: Self.logger)
        defer { journal.close() }
        let ledger = try Ledger(file: file, journal: journal, time: clock, logger: Self.logger)
        let tenants = try file.read { db in try TenancyStore.allTenants(db) }
        let service = UncertainReleaseService(
            ledger: ledger, directory: Directory(tenants: tenants), time: clock, logger: Self.logger)
        let hold = try #require(ledger.uncertainHolds().first)

        clock.advance(milliseconds: 59_000)
        await service.releaseDue()
        #expect(ledger.uncertainHolds() == [hold])
        #expect(try audited(file) == [])

        clock.advance(milliseconds: 1000)
        await service.releaseDue()
        #expect(ledger.uncertainHolds() == [])
        let entries = try audited(file)
        let entry = try #require(entries.first)
        #expect(entries.count == 1 && entry.action == "hold.resolve" && entry.subject == hold.id.text)
        #expect(entry.actor == "system" && entry.at == clock.now() && entry.requestID == entry.id.text)
        #expect(entry.before?.contains(#""state":"uncertain""#) == true)
        #expect(entry.after == #"{"charge":null,"release":true}"#)
    }

    /// What a process leaves that ended before its call did.
    private func leaveHold(of owner: Tenant, in file: DatabaseFile, at clock: ManualClock) async throws {
        let journal = Journal(file: file, time: clock, logger: Self.logger)
        defer { journal.close() }
        let ledger = try Ledger(file: file, journal: journal, time: clock, logger: Self.logger)
        let claim = Ledger.Claim(
            requestID: .make(at: clock.now()), tenant: owner, keyID: ID("key_a"), model: "m", pool: "p",
            wanted: Money(pico: 1_000_000_000_000), admittedAt: clock.now())
        guard case .held(let reservation) = ledger.reserve(claim) else { throw LedgerError.notLive }
        let failure: LedgerError? = await withCheckedContinuation { continuation in
            ledger.record(reservation) { continuation.resume(returning: $0) }
        }
        #expect(failure == nil)
    }

    private func audited(_ file: DatabaseFile) throws -> [AuditEntry] {
        try file.read { db in
            try TenancyStore.auditRecords(db, AuditFilter(), newestFirst: false, after: nil, limit: .max).map(\.entry)
        }
    }
}
