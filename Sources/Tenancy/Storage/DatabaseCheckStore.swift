public import GRDB

/// A first look at whether a database file is whole; changes nothing.
public enum DatabaseCheckStore {
    /// What SQLite finds wrong with the pages, in its words and at most ten of them; empty if nothing is.
    public static func quickCheck(_ database: Database) throws -> [String] {
        try String.fetchAll(database, sql: "PRAGMA quick_check(10)").filter { $0 != "ok" }
    }
}
