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

    /// Whether an existing database holds an admin key that lets an operator in now; it is only read.
    static func hasAdmin(path: String) -> Bool {
        guard let file = try? DatabaseFile.openReadOnly(path: path) else { return false }
        defer { try? file.close() }
        return (try? file.read { try TenancyStore.adminKeys($0, limit: .max) }).map {
            AdminKeyDirectory($0).hasAdmin(at: SystemClock().now())
        } ?? false
    }
}
