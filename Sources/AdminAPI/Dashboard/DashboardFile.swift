import Tenancy

/// One file of the dashboard, held in memory.
struct DashboardFile: Sendable, Equatable {
    /// Its `Content-Type`.
    let type: String
    let bytes: [UInt8]
    /// Its `ETag`: the same bytes have the same one.
    let tag: String

    init(type: String, bytes: [UInt8]) {
        self.type = type
        self.bytes = bytes
        tag = EntityTag.of(bytes)
    }

    /// The type by the name's ending; nil for what a dashboard has no use for.
    static func type(of name: String) -> String? {
        switch name.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "svg": "image/svg+xml"
        case "png": "image/png"
        default: nil
        }
    }
}
