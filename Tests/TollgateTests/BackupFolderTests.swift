import Foundation
import Glibc
import Tenancy
import Testing

@testable import Tollgate

struct BackupFolderTests {
    private let hour: Int64 = 3_600_000

    private func instant(_ text: String) throws -> Timestamp { try #require(Timestamp(rfc3339: text)) }

    private func touch(_ folder: TemporaryFolder, _ names: String...) throws {
        for name in names { _ = try folder.write("x", to: name) }
    }

    @Test func `only finished backups count, the newest first`() throws {
        let temporary = try TemporaryFolder()
        try touch(
            temporary, "tollgate-20261126T220000Z.db", "tollgate-20261125T220000Z.db",
            "tollgate-20261127T220000Z.db.partial-7", "tollgate-20261127T220000Z.db.suspect", "tollgate-latest.db",
            "tollgate-20261399T220000Z.db", "other.db")
        let folder = BackupFolder(directory: temporary.path)
        let found = folder.entries().map(\.instant)
        #expect(found == [try instant("2026-11-26T22:00:00Z"), try instant("2026-11-25T22:00:00Z")])
        #expect(BackupFolder(directory: temporary.path + "/none").entries() == [])
    }

    @Test func `what dead processes left half done is removed, and a copy that another one makes is not`() throws {
        let temporary = try TemporaryFolder()
        let live = "tollgate-20261126T220000Z.db.partial-\(getppid())"
        let dead = "tollgate-20261126T220000Z.db.partial-4194305"
        let own = "tollgate-20261126T220000Z.db.partial-\(ProcessInfo.processInfo.processIdentifier)"
        try touch(temporary, live, live + "-journal", dead, dead + "-journal", own, "mine.partial-1")
        try BackupFolder(directory: temporary.path).prepare()
        let left = try FileManager.default.contentsOfDirectory(atPath: temporary.path).sorted()
        #expect(left == ["mine.partial-1", live, live + "-journal"])
    }

    @Test func `another process with the number of the one that made a half file does not keep it`() throws {
        let temporary = try TemporaryFolder()
        let parent = MakerMark(of: "\(getppid())")
        #expect(parent.start != nil && parent.isAlive && MakerMark(parent.text[...]) == parent)
        let live = "tollgate-20261126T220000Z.db.partial-\(parent.text)"
        let dead = "tollgate-20261126T220000Z.db.partial-\(getppid())-7"
        try touch(temporary, live, live + "-journal", dead, dead + "-journal")
        let folder = BackupFolder(directory: temporary.path)
        try folder.prepare()
        let left = try FileManager.default.contentsOfDirectory(atPath: temporary.path).sorted()
        #expect(left == [live, live + "-journal"])
        #expect(try folder.partialPath(at: instant("2026-11-26T22:00:00Z")).hasSuffix(".partial-\(MakerMark.own.text)"))
    }

    @Test func `pruning keeps the newest and everything that is not a backup`() throws {
        let temporary = try TemporaryFolder()
        try touch(
            temporary, "tollgate-20261124T220000Z.db", "tollgate-20261125T220000Z.db", "tollgate-20261126T220000Z.db",
            "mine.txt")
        try BackupFolder(directory: temporary.path).prune(keeping: 1, at: try instant("2026-11-26T22:00:00Z"))
        let left = try FileManager.default.contentsOfDirectory(atPath: temporary.path).sorted()
        #expect(left == ["mine.txt", "tollgate-20261126T220000Z.db"])
    }

    @Test func `pruning by age and by count goes by the stricter of the two, and never takes the newest`() throws {
        let names = (1...5).map { "tollgate-2026112\($0)T220000Z.db" }
        let cases: [(keep: Int, days: Int64?, now: String, left: Int)] = [
            (5, nil, "2026-11-25T22:00:00Z", 5), (2, nil, "2026-11-25T22:00:00Z", 2),
            (5, 2, "2026-11-25T22:00:00Z", 3), (2, 2, "2026-11-25T22:00:00Z", 2),
            (5, 1, "2026-12-25T22:00:00Z", 1), (1, 900, "2026-12-25T22:00:00Z", 1),
        ]
        for (keep, days, now, left) in cases {
            let temporary = try TemporaryFolder()
            for name in names { try touch(temporary, name) }
            try BackupFolder(directory: temporary.path).prune(
                keeping: keep, youngerMS: days.map { $0 * 86_400_000 }, at: try instant(now))
            let found = try FileManager.default.contentsOfDirectory(atPath: temporary.path).sorted()
            #expect(found == names.suffix(left), "\(keep) \(days ?? 0)")
        }
    }

    @Test func `one from the future displaces none, and is removed when its time has passed`() throws {
        let temporary = try TemporaryFolder()
        let past = (3...5).map { "tollgate-2026112\($0)T220000Z.db" }
        let future = "tollgate-20261201T220000Z.db"
        for name in past + [future] { try touch(temporary, name) }
        let folder = BackupFolder(directory: temporary.path)
        let left = { try FileManager.default.contentsOfDirectory(atPath: temporary.path).sorted() }
        let day: Int64 = 86_400_000
        try folder.prune(keeping: 2, youngerMS: 9 * day, at: try instant("2026-11-25T22:00:00Z"))
        #expect(try left() == [past[1], past[2], future])
        try folder.prune(keeping: 1, at: try instant("2026-12-01T21:59:59Z"))
        #expect(try left() == [past[2], future])
        try touch(temporary, "tollgate-20261202T220000Z.db")
        try folder.prune(keeping: 1, at: try instant("2026-12-02T22:00:00Z"))
        #expect(try left() == ["tollgate-20261202T220000Z.db"])
    }

    @Test func `the newest is one whose instant has come, and another only without any`() throws {
        let temporary = try TemporaryFolder()
        let (before, now) = (try instant("2026-11-26T22:00:00Z"), try instant("2026-11-27T22:00:00Z"))
        let (next, last) = (try instant("2026-12-01T22:00:00Z"), try instant("2027-12-01T22:00:00Z"))
        let folder = BackupFolder(directory: temporary.path)
        #expect(folder.newest(at: now) == nil)
        try touch(temporary, "tollgate-20261201T220000Z.db", "tollgate-20271201T220000Z.db")
        #expect(folder.entries(until: now) == [] && folder.newest(at: now)?.instant == last)
        try touch(temporary, "tollgate-20261126T220000Z.db")
        #expect(folder.entries(until: now).map(\.instant) == [before] && folder.newest(at: now)?.instant == before)
        #expect(folder.newest(at: next)?.instant == next)
    }

    @Test func `one is due after the interval, without any, and after the clock was set back`() throws {
        let now = try instant("2026-11-26T22:00:00Z")
        let isDue = { (newest: Timestamp?) in BackupService.isDue(newest: newest, everyMS: hour, now: now) }
        #expect(isDue(nil))
        #expect(isDue(now.adding(milliseconds: -hour)))
        #expect(!isDue(now.adding(milliseconds: -hour + 1)))
        #expect(isDue(now.adding(milliseconds: 1)))
    }
}
