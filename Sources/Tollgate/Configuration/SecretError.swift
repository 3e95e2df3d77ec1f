import Tenancy

/// Why there is no secret where one was said to be; never holds the secret.
enum SecretError: Error, Sendable, Equatable, CustomStringConvertible {
    case unset(String)
    case unreadable(String)
    /// A file that others than its owner and its group may read, or others than its owner may write; with its mode.
    case open(String, mode: UInt32)
    case notText(String)
    case empty(SecretSource)

    var description: String {
        switch self {
        case .unset(let name): "the environment variable \(name) is not set"
        case .unreadable(let path): "the file \(path) cannot be read"
        case .open(let path, let mode):
            "the file \(path) is open to others (mode \(FileFacts(mode: mode, owner: 0).octal)); "
                + "chmod 600 \(ShellText.word(path))"
        case .notText(let path): "the file \(path) is not a short text"
        case .empty(.environment(let name)): "the environment variable \(name) is empty"
        case .empty(.file(let path)): "the file \(path) is empty"
        }
    }
}
