import GRDB

/// A second file with what a database held at one instant.
public enum DatabaseCopyStore {
    /// Copied in some ten microseconds.
    private static let pagesAtOnce: CInt = 16
    /// 256 KiB in all, handed to the disk together. After them the disk is others' for a while: a copy that is synced
    /// whole, at its end, keeps the journal's commits waiting (Benchmarks/README.md). It goes at 50 MB/s at most so.
    private static let stepsAtOnce = 4
    private static let restMS: Int32 = 5

    /// Copies one snapshot into a new file of mode 0600, synced to disk; the writer is never kept waiting.
    ///
    /// `progress` is told the pages copied and all pages, and ends the copying by throwing. Throws `DatabaseFileError`.
    public static func make(
        of file: DatabaseFile, at path: String, progress: @escaping (_ done: Int, _ total: Int) throws -> Void
    ) throws {
        try FileLock.makePrivate(path: path)
        do {
            let copy = try DatabaseQueue(path: path)
            var steps = 0
            try copy.writeWithoutTransaction { target in
                // Nobody opens a copy that is not whole: what would undo or order its writes is left out.
                try target.execute(sql: "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")
                try file.read { source in
                    // The snapshot begins with the first read. Without one each step would begin its own, and the copy
                    // would start over whenever something was written in between.
                    _ = try Int.fetchOne(source, sql: "SELECT COUNT(*) FROM sqlite_master")
                    try source.backup(to: target, pagesPerStep: pagesAtOnce) { state in
                        WorkerThread.giveWay()
                        steps &+= 1
                        if steps.isMultiple(of: stepsAtOnce) {
                            FileSync.beginToWriteOut(path)
                            WorkerThread.rest(milliseconds: restMS)
                        }
                        try progress(state.totalPageCount - state.remainingPageCount, state.totalPageCount)
                    }
                }
            }
            try copy.close()
            try makeSingle(path)
        } catch let error as DatabaseError {
            throw DatabaseFile.typed(error)
        }
        try FileSync.file(path)
    }

    /// Without a log beside it, so that it can be read from a folder nobody may write to.
    private static func makeSingle(_ path: String) throws {
        let copy = try DatabaseQueue(path: path)
        _ = try copy.writeWithoutTransaction { try String.fetchOne($0, sql: "PRAGMA journal_mode = DELETE") }
        try copy.close()
    }
}
