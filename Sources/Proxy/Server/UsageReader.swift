import Billing
import Dispatch
import Synchronization
import Tenancy

/// Reads the database for tenants that ask what they used, away from the event loops: one question at a time, and only
/// so many waiting, of one tenant and of all.
final class UsageReader: Sendable {
    /// Questions of one tenant that wait or are being answered.
    static let perTenant = 4
    /// Those of all tenants.
    static let total = 64

    /// Why a question was not taken.
    enum Refusal: Error, Equatable {
        /// The tenant has as many as it may.
        case tenantBusy
        /// All together have as many as they may.
        case full
    }

    private let read: @Sendable (UsageQuery) throws -> UsagePage
    private let queue = DispatchQueue(label: "tollgate.usage")
    private let waiting = Mutex<[ID<Tenant>: Int]>([:])

    /// A reader over whatever answers a question and may take its time.
    init(_ read: @escaping @Sendable (UsageQuery) throws -> UsagePage) {
        self.read = read
    }

    /// Asks; `then` is called later, on the reader's thread. Throws when the question is not taken.
    func ask(
        _ query: UsageQuery, of tenant: ID<Tenant>, then: @escaping @Sendable (Result<UsagePage, any Error>) -> Void
    ) throws(Refusal) {
        let refusal = waiting.withLock { waiting -> Refusal? in
            if waiting[tenant, default: 0] >= Self.perTenant { return .tenantBusy }
            if waiting.values.reduce(0, +) >= Self.total { return .full }
            waiting[tenant, default: 0] += 1
            return nil
        }
        if let refusal { throw refusal }
        queue.async { [self] in
            let page = Result { try read(query) }
            leave(tenant)
            then(page)
        }
    }

    private func leave(_ tenant: ID<Tenant>) {
        waiting.withLock { waiting in
            let left = waiting[tenant, default: 1] - 1
            waiting[tenant] = left > 0 ? left : nil
        }
    }
}
