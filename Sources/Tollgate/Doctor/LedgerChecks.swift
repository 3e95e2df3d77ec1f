import Billing
import Tenancy

/// Whether money is where it should be: holds, prices, backups.
enum LedgerChecks {
    /// Calls that a crash cut off: they keep counting against caps until someone says what became of them.
    static func uncertain(_ holds: [StoredHold], now: Timestamp) -> Finding {
        let check = "uncertain holds"
        guard let oldest = holds.map(\.admittedAt).min() else { return .ok(check, "none") }
        let amount = holds.reduce(Money.zero) { $0 + $1.amount }
        return .warn(
            check,
            "\(holds.count), \(amount.decimal) USD in all, the oldest \(RelativeTime.text(oldest, now: now))",
            fix: "tollgate holds list --state uncertain, then tollgate holds resolve")
    }

    /// - Parameters:
    ///   - open: holds in the file whose attempts have no end in the ledger.
    ///   - isRunning: whether an instance runs; then these are its live calls.
    static func holdsFile(open: Int, isRunning: Bool) -> Finding {
        let check = "holds file"
        if open == 0 { return .ok(check, "no call is open") }
        let calls = open == 1 ? "1 call" : "\(open) calls"
        if isRunning { return .ok(check, "\(calls) in flight") }
        return .warn(
            check, "\(calls) left open by an instance that was killed",
            fix: "start the gateway: they become uncertain holds, which you then resolve")
    }

    /// - Parameters:
    ///   - refused: models without a price that a tenant with a hard budget may ask for, and such a tenant.
    ///   - free: other models without a price.
    static func prices(refused: [(model: String, tenant: String)], free: [String], priced: Int) -> Finding {
        let check = "prices"
        if let first = refused.first {
            let others = refused.count > 1 ? " and \(refused.count - 1) more such pairs" : ""
            return .fail(
                check,
                "\(first.model) has no price, so \(first.tenant), which has a hard budget, is refused it\(others)",
                fix: "tollgate prices create --model \(ShellText.word(first.model)) -f price.yaml")
        }
        guard free.isEmpty else {
            return .warn(
                check,
                "no price, so calls cost nothing: \(free.prefix(5).joined(separator: ", "))"
                    + (free.count > 5 ? " and \(free.count - 5) more" : ""),
                fix: "tollgate prices create --model NAME -f price.yaml; a price of 0 says that it is meant")
        }
        return .ok(check, priced == 1 ? "1 model has one" : "\(priced) models have one")
    }

    /// What opening a backup tells.
    enum BackupContent {
        /// Its newest entry's instant, if it has any.
        case whole(newestEntry: Timestamp?)
        /// Why it cannot be restored from.
        case useless(String)
    }

    /// - Parameters:
    ///   - newest: seconds since 1970 of the newest file; nil if there is none.
    ///   - content: what is in that file.
    ///   - everyMS: how often there should be one.
    static func backup(
        newest: Int64?, content: BackupContent? = nil, directory: String, everyMS: Int64, now: Timestamp
    ) -> Finding {
        let check = "backup"
        let fix = "see why no new backup comes to \(directory)"
        guard let newest else { return .fail(check, "\(directory) holds none", fix: fix) }
        let age = RelativeTime.text(Timestamp(microseconds: newest * 1_000_000), now: now)
        var detail = "the newest in \(directory) is from \(age)"
        switch content {
        case .useless(let reason):
            return .fail(check, "\(detail), but \(reason)", fix: "tollgate backup makes one now; keep the one before")
        case .whole(let entry):
            detail += ", whole, "
            detail += entry.map { "up to an entry \(RelativeTime.text($0, now: now))" } ?? "without entries"
        case nil: break
        }
        let seconds = now.seconds - newest
        if seconds * 1000 > everyMS * 2 { return .fail(check, detail, fix: fix) }
        if seconds * 1000 > everyMS { return .warn(check, "\(detail), a new one is due", fix: fix) }
        return .ok(check, detail)
    }
}
