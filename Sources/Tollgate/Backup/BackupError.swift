/// Why a copy of the database is no backup.
enum BackupError: Error, Equatable, CustomStringConvertible {
    /// Something in the copy does not add up; it is kept under the name.
    case differs(String, kept: String)
    /// The gateway is stopping.
    case stopped

    var description: String {
        switch self {
        case .differs(let first, let kept): "the copy does not add up (\(first)); it is kept as \(kept)"
        case .stopped: "the gateway is stopping"
        }
    }
}
