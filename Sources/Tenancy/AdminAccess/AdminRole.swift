/// What an operator's credential may do; the routes say what each role reaches.
public enum AdminRole: String, CaseIterable, Sendable {
    /// Everything.
    case admin
    /// The books: reads money and who pays, closes and corrects.
    case finance
    /// Reads what is neither a secret's trace nor an export.
    case viewer
}

extension AdminRole {
    /// Whether who holds this role may hand out the other one: nobody grants more than they hold.
    public func includes(_ other: AdminRole) -> Bool { self == .admin || self == other }
}
