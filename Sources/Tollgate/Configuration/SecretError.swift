/// Why there is no secret where one was said to be; never holds the secret.
enum SecretError: Error, Sendable, Equatable, CustomStringConvertible {
    case unset(String)
    case unreadable(String)
    case notText(String)
    case empty(SecretSource)

    var description: String {
        switch self {
        case .unset(let name): "the environment variable \(name) is not set"
        case .unreadable(let path): "the file \(path) cannot be read"
        case .notText(let path): "the file \(path) is not a short text"
        case .empty(.environment(let name)): "the environment variable \(name) is empty"
        case .empty(.file(let path)): "the file \(path) is empty"
        }
    }
}
