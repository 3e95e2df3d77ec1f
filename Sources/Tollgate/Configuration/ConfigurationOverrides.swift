/// Settings from the environment: `TOLLGATE__LIMITS__MAX_BODY` overrides `limits.max_body`.
enum ConfigurationOverrides {
    private static let prefix = "TOLLGATE__"

    /// The document with every override in place, in the order of the variables' names.
    static func apply(
        _ environment: [String: String], to document: DocumentValue
    ) throws(DocumentFault) -> DocumentValue {
        var document = document
        for (variable, text) in environment.sorted(by: { $0.key < $1.key }) where variable.hasPrefix(prefix) {
            let place = DocumentPlace.variable(variable)
            let path = variable.dropFirst(prefix.count).lowercased().split(separator: "__").map(String.init)
            guard !path.isEmpty else { throw DocumentFault(place: place, text: "names no setting") }
            document = document.setting(path[...], to: try DocumentText.inline(text, at: place))
        }
        return document
    }
}
