import Billing
import Tenancy

/// A month as the API shows it: where it stands, what it comes to so far or for ever, and what holds up its close.
struct PeriodView: Sendable {
    let period: Period
    private let totals: PeriodTotals
    private let liveHolds: Int
    private let uncertainHolds: Int

    /// The month as of a transaction.
    init(_ db: TenancyStore.Transaction, _ period: Period, _ ledger: Ledger) throws {
        self.period = period
        totals = try PeriodStore.totals(db, period)
        let month = period.month
        liveHolds = period.status == .closed ? 0 : ledger.liveHolds(in: month)
        uncertainHolds = try PeriodStore.uncertainHolds(db, period)
    }

    var json: JSONValue {
        let seal = period.seal
        return [
            "period": .string(period.month.text),
            "status": .string(period.status.rawValue),
            "start": .string(period.month.start.rfc3339),
            "end": .string(period.month.end.rfc3339),
            "requested_at": .text(period.closing?.requestedAt.rfc3339),
            "requested_by": .text(period.closing?.requestedBy),
            "due_at": .text(period.closing?.dueAt.rfc3339),
            "closed_at": .text(seal?.closedAt.rfc3339),
            "entries": .integer(totals.entries),
            "cost": .string(totals.cost.decimal),
            "live_holds": .integer(liveHolds),
            "uncertain_holds": .integer(uncertainHolds),
            "format_version": .integer(seal?.formatVersion ?? PeriodFacts.currentFormatVersion),
            "software_version": .text(seal?.softwareVersion),
            "chain_head": .text(seal?.chainHead),
            "manifest_sha256": .text(seal?.manifestSHA256),
            "previous_manifest_sha256": .text(seal?.previousManifestSHA256),
        ]
    }
}
