import Foundation

/// The dashboard's files: read once at start, served from memory, so that a request never reaches a path.
public struct DashboardFiles: Sendable {
    /// Where the browser finds Chart.js if this machine has no copy that matches the page's hash.
    static let contentNetwork = "https://cdn.jsdelivr.net"
    /// Bytes of all files together.
    static let sizeLimit = 8 << 20

    /// By the path below `/dashboard/`; the page itself is `index.html`.
    private let files: [String: DashboardFile]
    /// Whether the page may ask the content network for Chart.js.
    let allowsContentNetwork: Bool

    /// No dashboard.
    public init() {
        files = [:]
        allowsContentNetwork = false
    }

    /// Reads the folder, and Chart.js from where the system installed it; without that file the page does without.
    ///
    /// Files whose ending the page has no use for are left out, as is all that is hidden. Throws `DashboardFilesError`.
    public init(folder: String, chartFile: String?, allowsContentNetwork: Bool) throws(DashboardFilesError) {
        var files: [String: DashboardFile] = [:]
        var size = 0
        let names = (FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String }) ?? []
        for name in names where !name.split(separator: "/").contains(where: { $0.hasPrefix(".") }) {
            guard let type = DashboardFile.type(of: name), let bytes = Self.read(folder + "/" + name) else { continue }
            files[name] = DashboardFile(type: type, bytes: bytes)
            size += bytes.count
            guard size <= Self.sizeLimit else { throw .tooLarge(folder) }
        }
        guard files["index.html"] != nil else { throw .noIndex(folder) }
        if let chartFile, let bytes = Self.read(chartFile), let type = DashboardFile.type(of: chartFile) {
            files["chart.min.js"] = DashboardFile(type: type, bytes: bytes)
        }
        let settings: JSONValue = ["cdn_fallback": .bool(allowsContentNetwork)]
        files["settings.json"] = DashboardFile(type: "application/json", bytes: settings.bytes)
        self.files = files
        self.allowsContentNetwork = allowsContentNetwork
    }

    /// The file at a path below `/dashboard/`, as it stands in the URL: names with other characters are not served.
    subscript(path: String) -> DashboardFile? { files[path] }

    /// What the page may load and reach: itself, and the content network's scripts if that is allowed. Scripts and
    /// texts can only come to life through the one policy that makes the address of Chart.js.
    var contentPolicy: String {
        let scripts = allowsContentNetwork ? "'self' \(Self.contentNetwork)" : "'self'"
        return [
            "default-src 'none'", "script-src \(scripts)", "style-src 'self'", "img-src 'self' data:",
            "connect-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'",
            "require-trusted-types-for 'script'", "trusted-types tollgate-chart",
        ].joined(separator: "; ")
    }

    /// A regular file's bytes; nil if it cannot be read or is larger than all files may be.
    private static func read(_ path: String) -> [UInt8]? {
        guard let handle = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? handle.close() }
        guard let data = try? handle.read(upToCount: sizeLimit + 1), data.count <= sizeLimit else { return nil }
        return Array(data)
    }
}
