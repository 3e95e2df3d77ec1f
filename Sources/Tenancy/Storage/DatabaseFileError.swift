/// Why the database could not be opened.
public enum DatabaseFileError: Error, Sendable, Equatable {
    /// Another instance has it open for writing.
    case locked
    /// A newer version of Tollgate has written it.
    case newerSchema
    /// It is no database, or a damaged one.
    case corrupt
    /// There is no such file, and it was to be read only.
    case notFound
    /// There was one, and it is empty or gone.
    case lost
    /// The system or SQLite said no, with what it said.
    case unavailable(String)
    /// Commits would not be synced to disk.
    case notDurable
    /// It was opened for reading only, or is closed.
    case readOnly
}
