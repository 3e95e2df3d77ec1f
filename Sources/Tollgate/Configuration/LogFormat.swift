/// How log lines are written.
enum LogFormat: String, CaseIterable, Sendable {
    /// One JSON object a line.
    case json
    /// For people.
    case text
}
