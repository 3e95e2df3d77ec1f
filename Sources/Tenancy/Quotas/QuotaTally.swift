/// The counters of one tenant or key; found once for a request, which then goes back to it without looking it up again.
///
/// Unchecked because the counters change, but only while the lock of `QuotaMeter` is taken.
final class QuotaTally: @unchecked Sendable {
    var counters = QuotaCounters()
}
