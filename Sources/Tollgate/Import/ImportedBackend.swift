import Proxy

/// A backend of the state file to be; two with equal settings are the same one.
struct ImportedBackend: Sendable, Hashable {
    /// What it is called unless the name is taken.
    var name: String
    var kind: BackendKind
    var baseURL: ImportedValue
    var apiKey: ImportedValue?
    var weight: Int64 = 1
    var rpm: Int64?
    var maxConcurrency: Int64?
    /// Limits on the whole attempt and on its first byte, such as `30s`.
    var total: String?
    var firstByte: String?

    /// Whether several models may use it: limits of its own were meant for one.
    var isShareable: Bool { rpm == nil && maxConcurrency == nil }
}
