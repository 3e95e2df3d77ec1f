/// How far a plan came.
struct ApplyOutcome: Sendable, Equatable {
    /// How many of its changes were made, from the first on.
    var made: Int
    /// Why the next one was not; nil if none was left.
    var failure: CommandFailure?
}
