/// A text of a state file: written there, or looked up in the environment by `apply`.
enum ImportedValue: Sendable, Hashable {
    case literal(String)
    case variable(String)

    /// Reads `os.environ/NAME` as the variable NAME.
    init(liteLLM text: String) {
        let prefix = "os.environ/"
        self = text.hasPrefix(prefix) ? .variable(String(text.dropFirst(prefix.count))) : .literal(text)
    }
}
