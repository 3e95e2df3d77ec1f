import Foundation
import GRDB
import Support
import Tenancy
import Testing

@Suite struct DatabaseFileTests {
    private let place: TemporaryDatabase

    init() throws {
        place = try TemporaryDatabase()
    }

    private func open() throws -> DatabaseFile {
        try DatabaseFile.open(path: place.path, migrations: [TenancySchema.register])
    }

    private func addTenant(_ id: String, to file: DatabaseFile) throws {
        try file.write { try TenancyStore.insert($0, tenant: TestProfiles.tenant(id).tenant) }
    }

    @Test func `a second instance is refused until the first has closed`() throws {
        let file = try open()
        #expect(throws: DatabaseFileError.locked) { try open() }
        try file.close()
        try open().close()
    }

    @Test func `a database that was made is never made again, whether it is emptied or gone`() throws {
        let file = try open()
        #expect(file.isFresh)
        try file.close()
        let again = try open()
        #expect(!again.isFresh)
        try again.close()
        for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: place.path + suffix) }
        try Data().write(to: URL(fileURLWithPath: place.path))
        #expect(throws: DatabaseFileError.lost) { try open() }
        try FileManager.default.removeItem(atPath: place.path)
        #expect(throws: DatabaseFileError.lost) { try open() }
        #expect(!FileManager.default.fileExists(atPath: place.path))
        try FileManager.default.removeItem(atPath: place.path + ".lock")
        let anew = try open()
        #expect(anew.isFresh)
        try anew.close()
    }

    @Test func `an empty file is made a database, unless something tells that it was one`() throws {
        try Data().write(to: URL(fileURLWithPath: place.path))
        #expect(throws: DatabaseFileError.lost) {
            try DatabaseFile.open(path: place.path, migrations: [TenancySchema.register], wasMade: { true })
        }
        try open().close()
    }

    @Test func `every commit is synced, on a new file and an old one`() throws {
        for _ in 0..<2 {
            let file = try open()
            let levels = try file.pool.writeWithoutTransaction { database in
                (
                    try Int.fetchOne(database, sql: "PRAGMA synchronous"),
                    try String.fetchOne(database, sql: "PRAGMA journal_mode"),
                    try Int.fetchOne(database, sql: "PRAGMA foreign_keys")
                )
            }
            #expect(levels.0 == 2)
            #expect(levels.1 == "wal")
            #expect(levels.2 == 1)
            // The journal moves the log, and hears of what fails.
            let pages = "PRAGMA wal_autocheckpoint"
            #expect(try file.read { try Int.fetchOne($0, sql: pages) } == 0)
            #expect(try file.pool.writeWithoutTransaction { try Int.fetchOne($0, sql: pages) } == 0)
            try file.close()
        }
    }

    @Test func `only the owner may read the files`() throws {
        let file = try open()
        try addTenant("ten_1", to: file)
        for suffix in ["", "-wal", "-shm", ".lock"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: place.path + suffix)
            #expect(attributes[.posixPermissions] as? Int == 0o600, "\(suffix)")
        }
        try file.close()
    }

    @Test func `a reader beside the writer sees what is committed and changes nothing`() throws {
        let file = try open()
        try addTenant("ten_1", to: file)
        let reader = try DatabaseFile.openReadOnly(path: place.path)
        #expect(try reader.read { try TenancyStore.allTenants($0).count } == 1)
        try addTenant("ten_2", to: file)
        #expect(try reader.read { try TenancyStore.allTenants($0).count } == 2)
        #expect(throws: DatabaseFileError.readOnly) { try addTenant("ten_3", to: reader) }
        #expect(throws: (any Error).self) { try reader.pool.write { try $0.execute(sql: "DELETE FROM tenants") } }
        try reader.close()
        try addTenant("ten_3", to: file)
        try file.close()
    }

    @Test func `a stopped instance's file can be read`() throws {
        let file = try open()
        try addTenant("ten_1", to: file)
        try file.close()
        let reader = try DatabaseFile.openReadOnly(path: place.path)
        #expect(try reader.read { try TenancyStore.allTenants($0).count } == 1)
        try reader.close()
    }

    @Test func `what a killed instance left can be read and opened`() throws {
        let file = try open()
        try addTenant("ten_1", to: file)
        // A copy of the files of a running instance is what a kill leaves behind.
        let copy = try TemporaryDatabase()
        for suffix in ["", "-wal", "-shm"] {
            try FileManager.default.copyItem(atPath: place.path + suffix, toPath: copy.path + suffix)
        }
        let reader = try DatabaseFile.openReadOnly(path: copy.path)
        #expect(try reader.read { try TenancyStore.allTenants($0).count } == 1)
        try reader.close()
        let next = try DatabaseFile.open(path: copy.path, migrations: [TenancySchema.register])
        #expect(try next.read { try TenancyStore.allTenants($0).count } == 1)
        try next.close()
        try file.close()
    }

    @Test func `a newer schema is refused`() throws {
        let newer: @Sendable (inout DatabaseMigrator) -> Void = { migrator in
            migrator.registerMigration("from-the-future") { _ in }
        }
        try DatabaseFile.open(path: place.path, migrations: [TenancySchema.register, newer]).close()
        #expect(throws: DatabaseFileError.newerSchema) { try open() }
        try DatabaseFile.open(path: place.path, migrations: [TenancySchema.register, newer]).close()
    }

    @Test func `a file that is no database is refused and left alone`() throws {
        let text = Data(String(repeating: "not a database\n", count: 1000).utf8)
        try text.write(to: URL(fileURLWithPath: place.path))
        #expect(throws: DatabaseFileError.corrupt) { try open() }
        #expect(throws: DatabaseFileError.corrupt) { try DatabaseFile.openReadOnly(path: place.path) }
        #expect(try Data(contentsOf: URL(fileURLWithPath: place.path)) == text)
    }

    @Test func `a missing file is not made by a reader`() throws {
        #expect(throws: DatabaseFileError.notFound) { try DatabaseFile.openReadOnly(path: place.path) }
        #expect(!FileManager.default.fileExists(atPath: place.path))
    }

    @Test func `a missing directory is said`() throws {
        #expect {
            try DatabaseFile.open(path: place.directory + "/none/tollgate.db", migrations: [])
        } throws: { error in
            guard case .unavailable? = error as? DatabaseFileError else { return false }
            return true
        }
    }
}
