/// What a budget does when it is spent.
public enum BudgetMode: String, CaseIterable, Sendable {
    /// Refuses.
    case hard
    /// Never refuses: counts, alerts, and may go over.
    case soft
    /// Never refuses and alerts nobody: counts what it would have refused.
    case shadow
}
