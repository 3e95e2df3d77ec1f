import Support
import Tenancy
import Testing

@Suite struct IdempotencyStoreTests {
    private func record(_ key: String, at instant: Timestamp) -> IdempotencyRecord {
        IdempotencyRecord(
            actor: "adm_1", key: key, digest: [UInt8](repeating: 7, count: 32), status: 201, body: #"{"key":null}"#,
            createdAt: instant)
    }

    @Test func `what is kept comes back, for its caller only`() throws {
        let database = try TemporaryDatabase()
        let file = try DatabaseFile.open(path: database.path, migrations: [TenancySchema.register])
        let kept = record("k", at: TestProfiles.start)
        try file.write { try TenancyStore.keep($0, kept) }
        #expect(try file.read { try TenancyStore.idempotencyRecord($0, actor: "adm_1", key: "k") } == kept)
        #expect(try file.read { try TenancyStore.idempotencyRecord($0, actor: "adm_2", key: "k") } == nil)
        #expect(throws: TenancyError.duplicate) { try file.write { try TenancyStore.keep($0, kept) } }
    }

    @Test func `records stay for a day and go when newer ones come`() throws {
        let database = try TemporaryDatabase()
        let file = try DatabaseFile.open(path: database.path, migrations: [TenancySchema.register])
        let day: Int64 = 86_400_000
        try file.write { db in
            try TenancyStore.keep(db, record("old", at: TestProfiles.start))
            try TenancyStore.keep(db, record("day", at: TestProfiles.start.adding(milliseconds: day)))
        }
        func isThere(_ key: String) throws -> Bool {
            try file.read { try TenancyStore.idempotencyRecord($0, actor: "adm_1", key: key) } != nil
        }
        #expect(try isThere("old"))
        try file.write { db in
            try TenancyStore.keep(db, record("new", at: TestProfiles.start.adding(milliseconds: day + 1)))
        }
        #expect(try !isThere("old"))
        #expect(try isThere("day"))
    }
}
