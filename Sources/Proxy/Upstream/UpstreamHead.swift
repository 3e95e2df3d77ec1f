/// Status and headers of a response.
struct UpstreamHead: Sendable {
    var status: Int
    /// In the order they came; the names as the backend wrote them, or in lower case.
    var headers: [(String, String)]

    /// The first value of the header with this name, which is given in lower case.
    func first(_ name: StaticString) -> String? {
        for header in headers where FieldName.matches(header.0, name) {
            return header.1
        }
        return nil
    }
}
