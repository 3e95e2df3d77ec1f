import Hummingbird
import Proxy

/// One parameter as a query has it, its escapes resolved.
struct QueryItem {
    let name: String
    let value: String
    /// What makes it no text that anybody can have meant; nil if it is one.
    let fault: FieldError?

    /// What stands between `&`, in order; nothing between two of them says nothing. In forms a `+` is a space.
    static func all(of request: Request, isForm: Bool = false) -> [QueryItem] {
        (request.uri.query ?? "").utf8.split(separator: UInt8(ascii: "&")).map { QueryItem($0, isForm: isForm) }
    }

    private init(_ item: Substring.UTF8View, isForm: Bool) {
        let sides = item.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false).map {
            String(decoding: $0.lazy.map { isForm && $0 == UInt8(ascii: "+") ? UInt8(ascii: " ") : $0 }, as: UTF8.self)
        }
        let texts = sides.map { PercentCoding.exact($0) }
        name = texts.first.flatMap { $0 } ?? sides.first ?? ""
        value = texts.dropFirst().first.flatMap { $0 } ?? ""
        // The database would take what is before a NUL for the whole.
        let detail: String? =
            texts.contains { $0 == nil }
            ? "has an escape that is none, or that is no UTF-8"
            : texts.contains { $0?.utf8.contains(0) == true } ? "holds a NUL" : nil
        fault = detail.map { [name] in FieldError(pointer: "?\(name)", detail: $0) }
    }
}
