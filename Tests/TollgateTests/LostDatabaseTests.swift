import Tenancy
import Testing

@testable import Tollgate

struct LostDatabaseTests {
    @Test func `the newest backup is named for what a restore mends, and for nothing else`() {
        for error in [DatabaseFileError.corrupt, .lost] {
            #expect(
                LostDatabase.way(out: error, path: "/d/t.db", newest: "/b/new.db")
                    == "; tollgate restore /b/new.db puts the newest backup in its place")
        }
        #expect(LostDatabase.way(out: DatabaseFileError.locked, path: "/d/t.db", newest: "/b/new.db") == "")
        #expect(LostDatabase.way(out: DatabaseFileError.corrupt, path: "/d/t.db", newest: nil) == "")
        let way = LostDatabase.way(out: DatabaseFileError.lost, path: "/d/t.db", newest: nil)
        #expect(way.contains("/d/t.db.lock and /d/t.db.holds"))
    }
}
