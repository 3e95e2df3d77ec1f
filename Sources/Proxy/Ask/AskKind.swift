/// The route a request came by, which decides how its body is read.
enum AskKind: Sendable {
    case chatCompletions, completions
}
