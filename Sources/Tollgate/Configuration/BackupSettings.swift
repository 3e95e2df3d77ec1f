/// Where backups go and how often there should be one.
struct BackupSettings: Sendable, Equatable {
    var directory: String
    /// Milliseconds from one to the next.
    var everyMS: Int64 = 86_400_000
}
