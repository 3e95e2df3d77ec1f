import Tenancy

/// Makes one backup: a copy of one snapshot, which is opened and recomputed before it counts and before any older one
/// goes.
struct BackupMaker {
    /// A backup that adds up.
    struct Made {
        let entry: BackupFolder.Entry
        /// Why older ones that should be gone are still there.
        var leftBehind: (any Error)?
    }

    let folder: BackupFolder
    /// How many are kept.
    let keep: Int
    /// How old they may become, in milliseconds; nil: any age.
    let keepMS: Int64?

    init(_ settings: BackupSettings) {
        folder = BackupFolder(directory: settings.directory)
        keep = settings.keep
        keepMS = settings.keepMS
    }

    /// Copies the database while it is in use. `progress` is told pages copied and all pages, and ends the work by
    /// throwing.
    func make(
        of file: DatabaseFile, at now: Timestamp, progress: @escaping (_ done: Int, _ total: Int) throws -> Void
    ) throws -> Made {
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
        var made = Made(entry: try folder.finish(at: now))
        do {
            try folder.prune(keeping: keep, youngerMS: keepMS, at: now)
        } catch {
            made.leftBehind = error
        }
        return made
    }
}
