import HTTPTypes
import Tenancy

extension HTTPFields {
    /// Whether the client takes gzip (RFC 9110 §12.5.3): what it says of gzip counts, and `*` where it says nothing.
    var acceptsGzip: Bool {
        let items = self[values: .acceptEncoding].listMembers.map { item in
            item.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
        }
        guard let item = items.first(where: { $0.first == "gzip" }) ?? items.first(where: { $0.first == "*" }) else {
            return false
        }
        return !item.dropFirst().contains { $0.hasPrefix("q=0") && !$0.dropFirst(3).contains { "1"..."9" ~= $0 } }
    }
}
