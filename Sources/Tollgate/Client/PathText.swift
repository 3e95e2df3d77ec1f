import Proxy

/// Paths of the Admin API put together from names that may hold anything.
enum PathText {
    /// `/pools/a%2Fb?limit=1`: each name is one segment; what of the query has no value is left out.
    static func join(_ names: String..., query: KeyValuePairs<String, String?> = [:]) -> String {
        let path = names.map { "/" + encoded($0, keeping: "") }.joined()
        let items = query.compactMap { name, value in value.map { "\(name)=\(encoded($0, keeping: ""))" } }
        return items.isEmpty ? path : path + "?" + items.joined(separator: "&")
    }

    /// `/models/meta/llama`: the last name is the rest of the path, its slashes kept.
    static func rest(_ name: String, of collection: String) -> String {
        join(collection) + "/" + encoded(name, keeping: "/")
    }

    /// Everything but letters, digits and `-._~` percent-encoded.
    static func encoded(_ text: String, keeping kept: String) -> String {
        PercentCoding.encoded(text, keeping: kept)
    }
}
