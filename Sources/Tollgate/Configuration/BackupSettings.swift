/// Where backups go, how often one is made and how many are kept.
struct BackupSettings: Sendable, Equatable {
    var directory: String
    /// Milliseconds from one to the next.
    var everyMS: Int64 = 86_400_000
    /// The newest so many.
    var keep = 14
    /// Those that are not older, in milliseconds; nil: however old they are.
    var keepMS: Int64?
}
