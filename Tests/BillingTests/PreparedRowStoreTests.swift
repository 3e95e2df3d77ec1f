import GRDB
import Testing

@testable import Billing

struct PreparedRowStoreTests {
    private func row(_ text: String?, _ number: Int64?) throws -> (String?, Int64?) {
        try DatabaseQueue().inDatabase { db in
            try db.execute(sql: "CREATE TABLE t (text TEXT, number INTEGER) STRICT")
            let insert = try PreparedRowStore("INSERT INTO t VALUES (?, ?)", db)
            insert.bind(text)
            insert.bind(number)
            #expect(try insert.run() == 1)
            let stored = try Row.fetchOne(db, sql: "SELECT * FROM t")
            return (stored?["text"], stored?["number"])
        }
    }

    @Test(arguments: ["", "m", "äß", String(repeating: "long", count: 1000), nil])
    func textIsStoredAsItIs(text: String?) throws {
        #expect(try row(text, 1).0 == text)
    }

    @Test(arguments: [0, Int64.min, Int64.max, nil])
    func numbersAreStoredAsTheyAre(number: Int64?) throws {
        #expect(try row("m", number).1 == number)
    }

    @Test func aConstraintKeepsItsExtendedCodeAndTheStatementGoesOn() throws {
        try DatabaseQueue().inDatabase { db in
            try db.execute(sql: "CREATE TABLE t (name TEXT PRIMARY KEY NOT NULL, n INTEGER CHECK (n > 0)) STRICT")
            let insert = try PreparedRowStore("INSERT INTO t VALUES (?, ?)", db)
            for (name, number, code) in [
                ("a", Int64(1), ResultCode?.none), ("a", 1, .SQLITE_CONSTRAINT_PRIMARYKEY),
                ("b", 0, .SQLITE_CONSTRAINT_CHECK), ("c", 1, nil),
            ] {
                insert.bind(name)
                insert.bind(number)
                var seen: ResultCode?
                do { try insert.run() } catch let error as DatabaseError { seen = error.extendedResultCode }
                #expect(seen == code)
            }
            #expect(try String.fetchAll(db, sql: "SELECT name FROM t ORDER BY name") == ["a", "c"])
        }
    }

    @Test func aColumnLeftOutIsAnErrorAndNotTheValueOfTheRowBefore() throws {
        try DatabaseQueue().inDatabase { db in
            try db.execute(sql: "CREATE TABLE t (a TEXT, b TEXT) STRICT")
            let insert = try PreparedRowStore("INSERT INTO t VALUES (?, ?)", db)
            insert.bind("a")
            insert.bind("b")
            try insert.run()
            insert.bind("c")
            #expect(throws: DatabaseError.self) { try insert.run() }
            #expect(try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM t") == 1)
        }
    }

    @Test func aRowThatIsThereAlreadyCountsAsNoChange() throws {
        try DatabaseQueue().inDatabase { db in
            try db.execute(sql: "CREATE TABLE t (a INTEGER PRIMARY KEY) STRICT")
            let insert = try PreparedRowStore("INSERT INTO t VALUES (?) ON CONFLICT (a) DO NOTHING", db)
            var changes: [Int] = []
            for number in [7, 7, 8] {
                insert.bind(number)
                changes.append(try insert.run())
            }
            #expect(changes == [1, 0, 1])
            #expect(try PreparedRowStore("SELECT MAX(a) FROM t", db).integer() == 8)
        }
    }
}
