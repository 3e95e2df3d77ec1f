import Synchronization

/// What one admitted request holds of its tenant's and key's quotas, until it is finished or given back.
public final class QuotaLease: Sendable {
    struct Holdings: Sendable {
        var tenant: QuotaTaken?
        var key: QuotaTaken?
    }

    /// Empty once the lease has ended, so that ending it twice gives nothing back twice.
    let holdings: Mutex<Holdings>

    init(_ holdings: Holdings) {
        self.holdings = Mutex(holdings)
    }
}
