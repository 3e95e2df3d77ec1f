/// What all requests together may spend on trying again: each request adds a tenth, each retry takes one; pure.
struct RetryBudget: Equatable, Sendable {
    /// Retries saved up at most, which is also what it starts with.
    static let capacity = 100

    private static let tenthsOfRetry = 10
    private var tenths = capacity * tenthsOfRetry

    /// Retries there are now.
    var retries: Int { tenths / Self.tenthsOfRetry }

    mutating func addRequest() {
        tenths = min(tenths + 1, Self.capacity * Self.tenthsOfRetry)
    }

    /// A retry that was taken was not made after all.
    mutating func giveBackRetry() {
        tenths = min(tenths + Self.tenthsOfRetry, Self.capacity * Self.tenthsOfRetry)
    }

    /// True when there was one to take.
    mutating func takeRetry() -> Bool {
        guard tenths >= Self.tenthsOfRetry else { return false }
        tenths -= Self.tenthsOfRetry
        return true
    }
}
