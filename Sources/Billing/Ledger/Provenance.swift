/// Where a record's token counts come from.
public enum Provenance: String, CaseIterable, Sendable {
    /// The backend reported them for the whole answer.
    case reported
    /// Tollgate estimated them from bytes.
    case estimated
    /// The backend reported them for the part that arrived.
    case partial
    /// Nobody counted: the call was not answered, or nothing was used.
    case none
}
