import NIOHTTP1
import Tenancy

/// The client key of a request head, well formed but not proven.
struct PresentedKey {
    let text: String
    let publicID: PublicID

    /// `Authorization: Bearer KEY` or `x-api-key: KEY`; nil when there is none, when two differ, or when it is none of
    /// ours by its looks.
    init?(in headers: HTTPHeaders) {
        guard var text = Self.text(in: headers) else { return nil }
        guard let publicID = text.withUTF8({ KeySecret.parse(UnsafeRawBufferPointer($0)) }) else { return nil }
        self.text = text
        self.publicID = publicID
    }

    /// What stands where a key does, whatever it looks like.
    static func text(in headers: HTTPHeaders) -> String? {
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
