import Foundation

/// Where the database is: `sqlite:///absolute/path` or `sqlite://relative/path`.
enum StorageURL {
    /// The path; throws what is wrong with the text, for "storage must be …".
    static func path(_ text: String) throws(StorageURLError) -> String {
        guard let separator = text.range(of: "://") else { throw .malformed }
        let scheme = String(text[..<separator.lowerBound])
        guard scheme == "sqlite" else { throw .unsupported(scheme) }
        let path = String(text[separator.upperBound...])
        guard !path.isEmpty, !path.hasSuffix("/") else { throw .malformed }
        return path
    }
}
