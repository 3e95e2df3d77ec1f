import GRDB
import Tenancy

/// The ended attempts of one turn of the journal, written together.
struct LedgerBatchStore {
    /// What memory must follow once the batch is committed.
    struct Outcome: Sendable {
        var settled: [(hold: Hold, cost: Money)] = []
        var counters = LedgerCounters()
    }

    /// What the accounts in memory said when the turn began.
    struct Snapshot: Sendable {
        var keys: [[AccountKey]] = []
        var wouldRefuse: [AccountKey: Int64] = [:]
    }

    private var sequence: Int64
    private var sums = RollUpSums()
    private var posted: [AccountKey: Money] = [:]
    private var outcome = Outcome()
    private var period: (month: BillingPeriod, text: String)?

    /// Writes entries, accounts, roll-ups and the holds of further attempts inside the caller's transaction.
    static func write(_ jobs: [JournalJob], _ snapshot: Snapshot, _ db: Database) throws -> Outcome {
        guard !jobs.isEmpty else { return Outcome() }
        var batch = LedgerBatchStore(sequence: try LedgerStore.lastSequence(db))
        for (job, keys) in zip(jobs, snapshot.keys) {
            if let settlement = job.settlement { try batch.settle(settlement, keys, db) }
            if let next = job.next { try LedgerStore.insertHold(next.stored, db) }
        }
        try batch.flush(snapshot.wouldRefuse, db)
        return batch.outcome
    }

    /// Writes the lines of an uncertain hold and removes it inside the caller's transaction.
    static func resolve(_ lines: [LedgerEntry], _ keys: [AccountKey], _ db: Database) throws {
        var batch = LedgerBatchStore(sequence: try LedgerStore.lastSequence(db))
        _ = try batch.append(lines, keys, db)
        if let first = lines.first { try LedgerStore.deleteHold(first.hold.id, db) }
        try batch.flush([:], db)
    }

    private init(sequence: Int64) {
        self.sequence = sequence
    }

    private mutating func settle(_ settlement: Settlement, _ keys: [AccountKey], _ db: Database) throws {
        let lines = LedgerEntry.lines(of: settlement)
        let cost = try append(lines, keys, db)
        let hold = settlement.reservation.hold
        try LedgerStore.deleteHold(hold.id, db)
        outcome.settled.append((hold, cost))
        count(lines)
    }

    /// Appends the lines that are not there yet and returns their cost.
    private mutating func append(_ lines: [LedgerEntry], _ keys: [AccountKey], _ db: Database) throws -> Money {
        var cost = Money.zero
        for line in lines {
            guard try LedgerStore.append(line, sequence: sequence + 1, period: text(line.hold.admittedAt), db) else {
                outcome.counters.duplicates += 1
                continue
            }
            sequence += 1
            cost += line.cost
            sums.add(line)
        }
        for key in keys { posted[key, default: .zero] += cost }
        return cost
    }

    private mutating func count(_ lines: [LedgerEntry]) {
        for line in lines {
            switch line.kind {
            case .settle: outcome.counters.settled += 1
            case .release: outcome.counters.released += 1
            case .excess: outcome.counters.excess += 1
            case .resolve, .correction: break
            }
        }
        guard let first = lines.first else { return }
        if first.provenance == .estimated { outcome.counters.estimated += 1 }
        if first.outcome == .unanswered { outcome.counters.unanswered += 1 }
    }

    private func flush(_ wouldRefuse: [AccountKey: Int64], _ db: Database) throws {
        for (key, amount) in posted where amount != .zero || wouldRefuse[key] != nil {
            try LedgerStore.post(amount, wouldRefuse: wouldRefuse[key] ?? 0, to: key, db)
        }
        try LedgerStore.add(sums, db)
    }

    /// The billing month of an instant; the text is made once while it stays the same.
    private mutating func text(_ instant: Timestamp) -> String {
        let month = BillingPeriod(containing: instant)
        if let period, period.month == month { return period.text }
        period = (month, month.text)
        return month.text
    }
}
