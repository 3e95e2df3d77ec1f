import GRDB
import Support
import Testing

@testable import Tenancy

@Suite struct AuditChainTests {
    private func entry(_ number: Int, after: String? = #"{"name":"a"}"#) -> AuditEntry {
        AuditEntry(
            id: ID("aud_\(number)"), at: Timestamp(microseconds: 5), actor: "bootstrap", action: "tenant.create",
            subject: "ten_1", after: after, requestID: "req_1")
    }

    private func file(_ database: TemporaryDatabase, count: Int) throws -> DatabaseFile {
        let file = try DatabaseFile.open(path: database.path, migrations: [TenancySchema.register])
        try file.write { db in
            for number in 0..<count { try TenancyStore.audit(db, entry(number)) }
        }
        return file
    }

    /// What a person with the database's file could do.
    private func tamper(_ file: DatabaseFile, _ sql: String) throws {
        try file.write { db in
            try db.execute(sql: "DROP TRIGGER audit_log_no_update; DROP TRIGGER audit_log_no_delete")
            try db.execute(sql: sql)
        }
    }

    @Test func `the canonical bytes are those of the documentation`() {
        let text =
            "tollgate audit 1\n" + String(repeating: "\0", count: 32)
            + "1:1\n5:aud_0\n1:5\n9:bootstrap\n13:tenant.create\n5:ten_1\n-\n12:{\"name\":\"a\"}\n5:req_1\n"
        let hash = AuditChain.hash(entry(0), sequence: 1, after: AuditChain.start)
        #expect(hash == SecretBytes.sha256(Array(text.utf8)))
    }

    @Test func `fields cannot be moved into one another`() {
        var left = entry(0)
        var right = entry(0)
        (left.actor, left.action) = ("ab", "c")
        (right.actor, right.action) = ("a", "bc")
        let start = AuditChain.start
        #expect(AuditChain.hash(left, sequence: 1, after: start) != AuditChain.hash(right, sequence: 1, after: start))
        let empty = AuditChain.hash(entry(0, after: ""), sequence: 1, after: start)
        #expect(empty != AuditChain.hash(entry(0, after: nil), sequence: 1, after: start))
    }

    @Test func `an untouched log verifies`() throws {
        let database = try TemporaryDatabase()
        let file = try file(database, count: 5)
        #expect(try file.read { try AuditVerifierStore.run($0) } == [])
        #expect(throws: (any Error).self) { try file.write { try $0.execute(sql: "UPDATE audit_log SET actor = 'x'") } }
    }

    @Test func `an entry whose sequence leaves none behind it does not keep the next from being written`() throws {
        let database = try TemporaryDatabase()
        let file = try file(database, count: 1)
        try tamper(file, "UPDATE audit_log SET seq = 9223372036854775807")
        try file.write { try TenancyStore.audit($0, entry(7)) }
        let sequences = try file.read { try Int64.fetchAll($0, sql: "SELECT seq FROM audit_log ORDER BY seq") }
        #expect(sequences == [1, .max])
        #expect(try file.read { try AuditVerifierStore.run($0) } != [])
    }

    @Test(arguments: [
        ("UPDATE audit_log SET actor = 'nobody' WHERE seq = 3", "entry 3"),
        ("UPDATE audit_log SET after = NULL WHERE seq = 1", "entry 1"),
        ("UPDATE audit_log SET hash = zeroblob(32) WHERE seq = 5", "entry 5"),
        ("DELETE FROM audit_log WHERE seq = 2", "entry 2 is missing"),
        ("DELETE FROM audit_log WHERE seq = 4; UPDATE audit_log SET seq = 4 WHERE seq = 5", "entry 4"),
        (
            "UPDATE audit_log SET seq = 9 WHERE seq = 2; UPDATE audit_log SET seq = 2 WHERE seq = 3; "
                + "UPDATE audit_log SET seq = 3 WHERE seq = 9", "entry 2"
        ),
    ])
    func `what was changed afterwards is found`(sql: String, named: String) throws {
        let database = try TemporaryDatabase()
        let file = try file(database, count: 5)
        try tamper(file, sql)
        let found = try file.read { try AuditVerifierStore.run($0) }
        #expect(found.count == 1)
        #expect(found.first?.contains(named) == true, "\(found)")
    }

    @Test func `a change that is undone leaves no gap`() throws {
        struct Undo: Error {}
        let database = try TemporaryDatabase()
        let file = try file(database, count: 2)
        #expect(throws: Undo.self) {
            try file.write { db in
                try TenancyStore.audit(db, entry(7))
                throw Undo()
            }
        }
        try file.write { try TenancyStore.audit($0, entry(8)) }
        #expect(try file.read { try AuditVerifierStore.run($0) } == [])
    }

    @Test func `entries from before the chain are chained by the migration`() throws {
        let database = try TemporaryDatabase()
        let register: @Sendable (inout DatabaseMigrator) -> Void = { TenancySchema.register(&$0) }
        let pool = try DatabasePool(path: database.path)
        var migrator = DatabaseMigrator()
        register(&migrator)
        try migrator.migrate(pool, upTo: "tenancy-idempotency")
        try pool.write { db in
            for number in 1...3 {
                try db.execute(
                    sql: """
                        INSERT INTO audit_log (id, at, actor, action, subject, request_id)
                        VALUES (?, 1, 'a', 'b', 'c', 'd')
                        """, arguments: ["aud_\(number)"])
            }
        }
        try pool.close()
        let file = try DatabaseFile.open(path: database.path, migrations: [register])
        try file.write { try TenancyStore.audit($0, entry(4)) }
        #expect(try file.read { try AuditVerifierStore.run($0) } == [])
        #expect(
            try file.read {
                try TenancyStore.auditRecords(
                    $0, AuditFilter(), newestFirst: false, after: nil, limit: 9
                ).count
            } == 4)
    }
}
