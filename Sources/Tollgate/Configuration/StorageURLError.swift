/// Why a storage URL was refused.
enum StorageURLError: Error, Sendable, Equatable, CustomStringConvertible {
    case malformed
    /// A database this version cannot use, by its scheme.
    case unsupported(String)

    var description: String {
        switch self {
        case .malformed: "must be sqlite:///absolute/path or sqlite://relative/path"
        case .unsupported(let scheme): "must be sqlite://…; \(scheme):// is not available in this version"
        }
    }
}
