/// How far a billing month is on its way; it only moves forward.
public enum PeriodStatus: String, CaseIterable, Sendable {
    /// Nobody asked to close it.
    case open
    /// It ended and someone asked; entries of requests admitted in it still join it.
    case closing
    /// Frozen for ever.
    case closed
}
