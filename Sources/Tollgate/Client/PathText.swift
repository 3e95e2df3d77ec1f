import Proxy

/// Paths of the Admin API put together from names that may hold anything.
enum PathText {
    /// `/pools/a%2Fb?limit=1`: each name is one segment; what of the query has no value is left out.
    static func join(_ names: String..., query: KeyValuePairs<String, String?> = [:]) -> String {
        let path = names.map { "/" + PercentCoding.encoded($0) }.joined()
        let items = query.compactMap { name, value in value.map { "\(name)=\(PercentCoding.encoded($0))" } }
        return items.isEmpty ? path : path + "?" + items.joined(separator: "&")
    }

    /// `/models/meta/llama`: the last name is the rest of the path, its slashes kept.
    static func rest(_ name: String, of collection: String) -> String {
        join(collection) + "/" + PercentCoding.encoded(name, keeping: "/")
    }
}
