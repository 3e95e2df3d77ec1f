import NIOHTTP1

/// The client key of a request head.
enum PresentedKey {
    /// `Authorization: Bearer KEY` or `x-api-key: KEY`; nil when there is none or when two differ.
    static func find(in headers: HTTPHeaders) -> String? {
        var found: String?
        for (name, value) in headers {
            let key: String
            if FieldName.matches(name, "authorization") {
                guard value.utf8.count > 7, FieldName.begins(value, with: "bearer ") else { return nil }
                key = String(value[value.utf8.index(value.startIndex, offsetBy: 7)...])
            } else if FieldName.matches(name, "x-api-key") {
                key = value
            } else {
                continue
            }
            if let found, found != key { return nil }
            found = key
        }
        return found
    }
}
