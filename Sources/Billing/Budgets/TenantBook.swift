import Tenancy

/// All budgets and holds of one tenant. Touched only while the lock of `Books` is taken.
final class TenantBook {
    /// Budgets for any key.
    private(set) var wide: [BudgetAccount] = []
    /// Budgets for one key.
    private(set) var byKey: [ID<APIKey>: [BudgetAccount]] = [:]
    private(set) var live: [Hold] = []
    /// The latest instant anything of the tenant was admitted at.
    var watermark = Timestamp(microseconds: 0)
    /// Requests of the tenant that wait for money.
    var waiting = 0

    var all: [BudgetAccount] { wide + byKey.values.joined() }

    /// Those that apply to a key.
    func budgets(of keyID: ID<APIKey>) -> [BudgetAccount] { wide + (byKey[keyID] ?? []) }

    func add(_ account: BudgetAccount) {
        if let key = account.budget.keyID {
            byKey[key, default: []].append(account)
        } else {
            wide.append(account)
        }
    }

    func remove(_ account: BudgetAccount) {
        if let key = account.budget.keyID {
            byKey[key]?.removeAll { $0 === account }
            if byKey[key]?.isEmpty == true { byKey[key] = nil }
        } else {
            wide.removeAll { $0 === account }
        }
    }

    @inline(__always)
    func forEachMatch(keyID: ID<APIKey>, model: String, pool: String, _ body: (BudgetAccount) -> Void) {
        for account in wide where Self.matches(account, model, pool) { body(account) }
        guard !byKey.isEmpty, let own = byKey[keyID] else { return }
        for account in own where Self.matches(account, model, pool) { body(account) }
    }

    func enter(_ hold: Hold) {
        hold.book = self
        hold.slot = live.count
        live.append(hold)
    }

    /// Takes a live hold out by swapping the last one into its place; false when it is not in.
    func leave(_ hold: Hold) -> Bool {
        guard hold.book === self, hold.slot < live.count, live[hold.slot] === hold else { return false }
        let last = live.removeLast()
        if last !== hold {
            live[hold.slot] = last
            last.slot = hold.slot
        }
        hold.book = nil
        return true
    }

    @inline(__always)
    private static func matches(_ account: BudgetAccount, _ model: String, _ pool: String) -> Bool {
        (account.model == nil || account.model == model) && (account.pool == nil || account.pool == pool)
    }
}
