/// The names that a month's entries have.
struct PeriodNames: Sendable, Equatable {
    var tenants: Set<String> = []
    var keys: Set<String> = []
    var models: Set<String> = []
    var backends: Set<String> = []
    var prices: Set<String> = []
}
