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
        /// One account that the batch posts to.
        struct Entry: Sendable {
            let key: AccountKey
            /// What a shadow budget would have refused since that was last stored.
            var wouldRefuse: Int64 = 0
        }

        var accounts: [Entry] = []
        /// The places in `accounts` of all jobs, one job after the other.
        var places: [Int] = []
        /// How many of `places` each job has.
        var counts: [Int] = []
    }

    private var sequence: Int64
    private var sums = RollUpSums()
    /// By place in the snapshot's accounts.
    private var posted: [Money]
    private var outcome = Outcome()
    private var period: (month: BillingPeriod, text: String)?

    /// Writes entries, accounts and roll-ups inside the caller's transaction.
    static func write(
        _ jobs: [JournalJob],
        _ snapshot: Snapshot,
        _ rows: LedgerRowsStore,
        _ db: Database
    ) throws -> Outcome {
        guard !jobs.isEmpty else { return Outcome() }
        var batch = LedgerBatchStore(sequence: try rows.lastSequence(), accounts: snapshot.accounts.count)
        var start = 0
        for (job, count) in zip(jobs, snapshot.counts) {
            let places = snapshot.places[start..<start + count]
            start += count
            if let settlement = job.settlement { try batch.settle(settlement, places, rows, db) }
        }
        try batch.flush(snapshot.accounts, rows)
        return batch.outcome
    }

    /// Writes the lines of an uncertain hold and removes it inside the caller's transaction.
    static func resolve(_ lines: [LedgerEntry], _ keys: [AccountKey], _ db: Database) throws {
        if let first = lines.first { try LedgerStore.deleteHold(first.hold.id, db) }
        try book(lines, keys, db)
    }

    /// Writes lines that no call of this process ended with, inside the caller's transaction.
    static func book(_ lines: [LedgerEntry], _ keys: [AccountKey], _ db: Database) throws {
        let rows = try LedgerRowsStore(db)
        var batch = LedgerBatchStore(sequence: try rows.lastSequence(), accounts: keys.count)
        _ = try batch.append(lines, 0..<keys.count, rows, db)
        try batch.flush(keys.map { Snapshot.Entry(key: $0) }, rows)
    }

    private init(sequence: Int64, accounts: Int) {
        self.sequence = sequence
        posted = [Money](repeating: .zero, count: accounts)
    }

    private mutating func settle(
        _ settlement: Settlement,
        _ places: ArraySlice<Int>,
        _ rows: LedgerRowsStore,
        _ db: Database
    ) throws {
        let hold = settlement.reservation.hold
        let lines = LedgerEntry.lines(of: settlement)
        let cost = try append(lines, places, rows, db)
        outcome.settled.append((hold, cost))
        count(lines)
    }

    /// Appends the lines that are not there yet, alerts of those beyond their holds, and returns their cost.
    private mutating func append(
        _ lines: [LedgerEntry],
        _ places: some Sequence<Int>,
        _ rows: LedgerRowsStore,
        _ db: Database
    ) throws -> Money {
        var cost = Money.zero
        for line in lines {
            guard try rows.append(line, sequence: sequence + 1, period: text(line.hold.admittedAt)) else {
                outcome.counters.duplicates += 1
                continue
            }
            sequence += 1
            if line.kind == .excess { try AlertStore.raise(.excess(line), db) }
            cost += line.cost
            sums.add(line)
        }
        for place in places { posted[place] += cost }
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

    private mutating func flush(_ accounts: [Snapshot.Entry], _ rows: LedgerRowsStore) throws {
        for (account, amount) in zip(accounts, posted) where amount != .zero || account.wouldRefuse != 0 {
            try rows.post(amount, wouldRefuse: account.wouldRefuse, to: account.key)
        }
        sums.finish()
        try rows.add(sums)
    }

    /// The billing month of an instant; the text is made once while it stays the same.
    private mutating func text(_ instant: Timestamp) -> String {
        let month = BillingPeriod(containing: instant)
        if let period, period.month == month { return period.text }
        period = (month, month.text)
        return month.text
    }
}
