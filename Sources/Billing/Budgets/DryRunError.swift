/// Why a dry run has no answer.
public enum DryRunError: Error, Sendable, Equatable {
    /// The days hold more than can be replayed in the time a question may take.
    case tooLong
}
