/// The API a backend speaks.
public enum BackendKind: String, CaseIterable, Sendable {
    case openai
    case anthropic
}
