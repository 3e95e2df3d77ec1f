/// A query parameter as the document tells of it.
struct QueryParameter: Sendable, Equatable {
    let name: String
    let schema: JSONValue
    var isRequired = false
}
