/// The field under which a target is told its output bound.
public enum MaxTokensParam: String, CaseIterable, Sendable {
    case maxTokens = "max_tokens"
    case maxCompletionTokens = "max_completion_tokens"
}
