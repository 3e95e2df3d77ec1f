/// Environment variables for the keys that stand in a configuration: one for each distinct key, none of them used for
/// anything else.
struct LiteLLMKeys: Sendable {
    private var names: Set<String>
    private var byKey: [String: String] = [:]

    /// Knows the variables that the configuration names, and those that providers' keys are taken from.
    init(_ document: DocumentValue) {
        names = Set(LiteLLMProvider.known.compactMap(\.keyVariable)).union(Self.variables(in: document))
    }

    /// The key's variable, named after the first model that it is for.
    mutating func variable(for key: String, of group: String) -> String {
        if let known = byKey[key] { return known }
        let name = ImportName.variable(group) + "_API_KEY"
        var candidate = name
        var number = 2
        while !names.insert(candidate).inserted {
            candidate = "\(name)_\(number)"
            number += 1
        }
        byKey[key] = candidate
        return candidate
    }

    private static func variables(in value: DocumentValue) -> Set<String> {
        if case .variable(let name)? = value.text.map(ImportedValue.init(liteLLM:)) { return [name] }
        return (value.items + value.members.map(\.value)).reduce(into: []) { $0.formUnion(variables(in: $1)) }
    }
}
