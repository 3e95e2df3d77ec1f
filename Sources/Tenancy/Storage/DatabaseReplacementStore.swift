import GRDB

/// Puts a copy in the place of a database that no instance runs on; holds the instance lock until it is done with.
public final class DatabaseReplacementStore: Sendable {
    private let path: String
    private let lock: FileLock

    /// Takes the lock of the database at `path`, which need not exist. Throws `DatabaseFileError.locked` beside a
    /// running instance.
    public init(path: String) throws(DatabaseFileError) {
        self.path = path
        lock = try FileLock(path: path + ".lock")
    }

    deinit {
        lock.release()
    }

    /// Copies `source` and puts the copy in the database's place. What was there is kept; returns its new name, nil if
    /// there was nothing. Killed at any point, either the old or the new database is there, whole.
    ///
    /// - Parameter suffix: what the kept database's name ends with.
    public func put(
        _ source: DatabaseFile, keepingOldAs suffix: String,
        progress: @escaping (_ done: Int, _ total: Int) throws -> Void
    ) throws -> String? {
        let fresh = path + ".restoring"
        try FileSync.remove(fresh)
        try DatabaseCopyStore.make(of: source, at: fresh, progress: progress)
        let kept = FileLock.exists(path: path) ? freeName(path + suffix) : nil
        if let kept { try setAside(as: kept) }
        try FileSync.rename(fresh, to: path)
        // Live holds belong to calls of the database that was there.
        try FileSync.remove(path + ".holds")
        return kept
    }

    /// The name itself, or with the first number behind it that no file has.
    private func freeName(_ name: String) -> String {
        guard FileLock.exists(path: name) else { return name }
        var number = 2
        while FileLock.exists(path: "\(name)-\(number)") { number += 1 }
        return "\(name)-\(number)"
    }

    /// Gives the old database a second name, with all it has beside it.
    private func setAside(as kept: String) throws {
        // Brings its log into it. A damaged one cannot do that and keeps its log.
        try? checkpoint()
        for name in ["", ".holds"] where FileLock.exists(path: path + name) {
            try FileSync.link(path + name, as: kept + name)
        }
        // A log that stayed would be taken for the new database's.
        for name in ["-wal", "-shm"] where FileLock.exists(path: path + name) {
            try FileSync.rename(path + name, to: kept + name)
        }
    }

    private func checkpoint() throws {
        let old = try DatabaseQueue(path: path)
        try old.writeWithoutTransaction { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
        try old.close()
    }
}
