import NIOHTTP1

/// The client key of a request head.
enum PresentedKey {
    /// `Authorization: Bearer KEY` or `x-api-key: KEY`; nil when there is none or when two differ.
    static func find(in headers: HTTPHeaders) -> String? {
        var found: String?
        for (name, value) in headers {
            let key: String
            switch name.utf8.count {
            case 13 where name.lowercased() == "authorization":
                guard value.utf8.count > 7, value.prefix(7).lowercased() == "bearer " else { return nil }
                key = String(value.dropFirst(7))
            case 9 where name.lowercased() == "x-api-key":
                key = value
            default:
                continue
            }
            if let found, found != key { return nil }
            found = key
        }
        return found
    }
}
