import AdminAPI
import Billing
import Foundation
import Proxy
import Tenancy

/// The database of a gateway with the tables of every module.
enum GatewayDatabase {
    private static var migrations: [DatabaseFile.Migration] {
        [{ TenancySchema.register(&$0) }, { RoutingSchema.register(&$0) }, { BillingSchema.register(&$0) }]
    }

    /// Opens it for writing, makes it if there never was one; throws `DatabaseFileError`. That there was one, the file
    /// of its holds tells too, and so do `backups`.
    static func open(path: String, backups: BackupFolder? = nil) throws -> DatabaseFile {
        try DatabaseFile.open(path: path, migrations: migrations) {
            FileManager.default.fileExists(atPath: path + ".holds") || backups?.entries().isEmpty == false
        }
    }

    /// How the tables of an open database compare with those of this version.
    static func schema(of file: DatabaseFile) throws -> SchemaState {
        try file.schema(migrations)
    }

    /// What does not add up in the database at a path: ledger, roll-ups, months and audit log; it is only read.
    static func differences(path: String) throws -> [String] {
        let file = try DatabaseFile.openReadOnly(path: path)
        defer { try? file.close() }
        guard try schema(of: file) != .newer else { throw DatabaseFileError.newerSchema }
        return try differences(in: file)
    }

    /// The same of an open database, in one snapshot.
    static func differences(in file: DatabaseFile) throws -> [String] {
        try GivingWayStore.read(file) {
            try LedgerVerifierStore.run($0) + PeriodVerifierStore.run($0) + AuditVerifierStore.run($0)
        }
    }

    /// Whether the database at a path holds an admin key that lets an operator in now; it is only read.
    ///
    /// False if there is no database; throws why one that is there cannot be read.
    static func hasAdmin(path: String) throws -> Bool {
        do {
            return try DatabaseFile.readOnce(path: path) { db in
                AdminKeyDirectory(try TenancyStore.adminKeys(db, limit: .max)).hasAdmin(at: SystemClock().now())
            }
        } catch DatabaseFileError.notFound {
            return false
        }
    }
}
