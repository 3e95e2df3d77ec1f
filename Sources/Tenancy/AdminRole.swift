/// What an operator's credential may do; the routes say what each role reaches.
public enum AdminRole: String, CaseIterable, Sendable {
    /// Everything.
    case admin
    /// The books: reads money and who pays, closes and corrects.
    case finance
    /// Reads what is neither a secret's trace nor an export.
    case viewer
}
