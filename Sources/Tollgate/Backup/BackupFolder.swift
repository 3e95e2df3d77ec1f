import Foundation
import Tenancy

/// The backups in a folder, each named after its instant: `tollgate-20261126T220000Z.db`.
struct BackupFolder {
    /// One backup that was checked after it was made.
    struct Entry: Equatable {
        let path: String
        let instant: Timestamp
    }

    private static let prefix = "tollgate-"
    private static let suffix = ".db"
    /// A copy that is not finished, or was never going to be; the process that makes it follows.
    private static let partialSuffix = ".partial-"
    /// A copy in which something does not add up.
    private static let suspectSuffix = ".suspect"

    let directory: String

    /// Makes the folder, for its owner alone, if it is not there; removes what a killed process left half done, and
    /// nothing of one that is at it now: the gateway and the command may make one at the same time.
    func prepare() throws {
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        for name in try names() where Self.isLeftOver(name) { try FileSync.remove("\(directory)/\(name)") }
    }

    private static func isLeftOver(_ name: String) -> Bool {
        guard name.hasPrefix(prefix), let place = name.range(of: partialSuffix) else { return false }
        guard let maker = MakerMark(name[place.upperBound...]) else { return true }
        return maker.process == MakerMark.own.process || !maker.isAlive
    }

    /// The finished backups, the newest first; none if there is no such folder.
    func entries() -> [Entry] {
        ((try? names()) ?? []).compactMap { name in
            Self.instant(name).map { Entry(path: "\(directory)/\(name)", instant: $0) }
        }.sorted { $0.instant > $1.instant }
    }

    /// Those whose instant has come. A clock that was ahead leaves others, which displace none.
    func entries(until now: Timestamp) -> [Entry] { entries().filter { $0.instant <= now } }

    /// The one to go back to: the newest whose instant has come, and only without any the newest of the others, since
    /// what a clock that was ahead has named may be older than all.
    func newest(at now: Timestamp) -> Entry? { entries(until: now).first ?? entries().first }

    func partialPath(at instant: Timestamp) -> String {
        path(at: instant) + Self.partialSuffix + MakerMark.own.text
    }

    /// Gives a copy that adds up its name, for good.
    func finish(at instant: Timestamp) throws -> Entry {
        try FileSync.rename(partialPath(at: instant), to: path(at: instant))
        return Entry(path: path(at: instant), instant: instant)
    }

    /// Keeps a copy that does not add up under a name that is no backup's.
    func suspect(at instant: Timestamp) throws -> String {
        let name = path(at: instant) + Self.suspectSuffix
        try FileSync.rename(partialPath(at: instant), to: name)
        return name
    }

    /// Removes all but the newest so many, and those older than so many milliseconds; the newest stays, however old.
    /// One whose instant is still to come neither counts nor goes. Throws what it could not remove, after it has tried
    /// all.
    func prune(keeping count: Int, youngerMS: Int64? = nil, at now: Timestamp) throws {
        let oldest = youngerMS.map { now.adding(milliseconds: -$0) }
        let excess = entries(until: now).enumerated().dropFirst().filter { place, entry in
            place >= count || oldest.map { entry.instant < $0 } ?? false
        }
        var failure: (any Error)?
        for (_, entry) in excess {
            do { try FileSync.remove(entry.path) } catch { failure = failure ?? error }
        }
        if let failure { throw failure }
    }

    private func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: directory) }

    private func path(at instant: Timestamp) -> String {
        "\(directory)/\(Self.prefix)\(Self.text(instant))\(Self.suffix)"
    }

    /// `20261126T220000Z`, which sorts as time does.
    static func text(_ instant: Timestamp) -> String {
        String(instant.rfc3339.prefix(19)).filter { $0 != "-" && $0 != ":" } + "Z"
    }

    private static func instant(_ name: String) -> Timestamp? {
        guard name.hasPrefix(prefix), name.hasSuffix(suffix) else { return nil }
        let digits = Array(name.dropFirst(prefix.count).dropLast(suffix.count))
        guard digits.count == 16, digits[8] == "T", digits[15] == "Z" else { return nil }
        let parts = [0..<4, 4..<6, 6..<8, 9..<11, 11..<13, 13..<15].map { String(digits[$0]) }
        return Timestamp(rfc3339: "\(parts[0])-\(parts[1])-\(parts[2])T\(parts[3]):\(parts[4]):\(parts[5])Z")
    }
}
