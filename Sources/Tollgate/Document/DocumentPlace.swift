/// Where a value was written, for error messages.
enum DocumentPlace: Sendable, Hashable, CustomStringConvertible {
    case line(Int)
    /// The environment variable of that name.
    case variable(String)
    /// An argument of the command line, as it was typed.
    case argument(String)

    var description: String {
        switch self {
        case .line(let line): "line \(line)"
        case .variable(let name): name
        case .argument(let text): text
        }
    }
}
