import CCurl

/// Request headers in libcurl's form, immutable and owned.
final class CurlHeaderList {
    let pointer: UnsafeMutablePointer<curl_slist>?
    private let source: [(String, String)]

    /// Nil if a name or value could end its line early or is no header at all.
    init?(_ headers: [(String, String)]) {
        var lines = ["Expect:"]
        var hasContentType = false
        for (name, value) in headers {
            guard FieldSyntax.isName(name), FieldSyntax.isValue(value) else { return nil }
            if FieldSyntax.isFraming(name) { continue }
            hasContentType = hasContentType || FieldName.matches(name, "content-type")
            // libcurl's spelling of an empty header; "name:" would remove it instead.
            let isBlank = value.utf8.allSatisfy { $0 == 0x20 || $0 == 0x09 }
            lines.append(isBlank ? "\(name);" : "\(name): \(value)")
        }
        if !hasContentType {
            lines.append("Content-Type:")
        }
        var list: UnsafeMutablePointer<curl_slist>?
        for line in lines {
            guard let longer = curl_slist_append(list, line) else {
                curl_slist_free_all(list)
                return nil
            }
            list = longer
        }
        pointer = list
        source = headers
    }

    deinit {
        curl_slist_free_all(pointer)
    }

    func holds(_ headers: [(String, String)]) -> Bool {
        guard source.count == headers.count else { return false }
        for index in source.indices where source[index].1 != headers[index].1 || source[index].0 != headers[index].0 {
            return false
        }
        return true
    }
}
