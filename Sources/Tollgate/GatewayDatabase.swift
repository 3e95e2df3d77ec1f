import AdminAPI
import Billing
import Proxy
import Tenancy

/// The database of a gateway with the tables of every module.
enum GatewayDatabase {
    private static var migrations: [DatabaseFile.Migration] {
        [{ TenancySchema.register(&$0) }, { RoutingSchema.register(&$0) }, { BillingSchema.register(&$0) }]
    }

    /// Opens it for writing, makes it if there is none; throws `DatabaseFileError`.
    static func open(path: String) throws -> DatabaseFile {
        try DatabaseFile.open(path: path, migrations: migrations)
    }

    /// How the tables of an open database compare with those of this version.
    static func schema(of file: DatabaseFile) throws -> SchemaState {
        try file.schema(migrations)
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
