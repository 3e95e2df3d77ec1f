import Tenancy

/// Makes one backup: a copy of one snapshot, which is opened and recomputed before it counts and before any older one
/// goes.
struct BackupMaker {
    let folder: BackupFolder
    /// How many are kept.
    let keep: Int

    /// Copies the database while it is in use. `progress` is told pages copied and all pages, and ends the work by
    /// throwing.
    func make(
        of file: DatabaseFile, at now: Timestamp, progress: @escaping (_ done: Int, _ total: Int) throws -> Void
    ) throws -> BackupFolder.Entry {
        try folder.prepare()
        let partial = folder.partialPath(at: now)
        do {
            try DatabaseCopyStore.make(of: file, at: partial, progress: progress)
            if let difference = try GatewayDatabase.differences(path: partial).first {
                throw BackupError.differs(difference, kept: try folder.suspect(at: now))
            }
        } catch {
            try FileSync.remove(partial)
            throw error
        }
        let entry = try folder.finish(at: now)
        try folder.prune(keeping: keep)
        return entry
    }
}
