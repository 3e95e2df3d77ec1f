import Tenancy

/// Judges requests of the past, given in order of admission, by another limit; pure. It keeps sums, never requests.
///
/// A request is refused if what was spent in its window before it and its own cost together pass the limit, and then
/// spends nothing. Its hold is not in the ledger: admission, which holds an upper bound, refuses a little earlier.
struct BudgetReplay {
    /// One entry of the ledger in the budget's scope.
    struct Line {
        let requestID: String
        let admittedAt: Timestamp
        let kind: LedgerEntry.Kind
        let cost: Money
        let keyID: ID<APIKey>
        let model: String
    }

    private let window: BudgetWindow.Kind
    private let zone: CalendarZone
    private var run: DryRun
    private var current: DryRun.Window
    /// The request whose lines are coming in, and what they come to.
    private var request: (first: Line, cost: Money, isRequest: Bool)?

    /// Judges what was admitted from `from` on; `opening` was spent in the window of `from` before the first line.
    init(
        window: BudgetWindow.Kind,
        zone: CalendarZone,
        limit: Money,
        from: Timestamp,
        to: Timestamp,
        opening: Money
    ) {
        self.window = window
        self.zone = zone
        run = DryRun(from: from, to: to, limit: limit)
        current = DryRun.Window(span: BudgetWindow(window, containing: from, in: zone), spent: opening)
    }

    /// Takes the next line; the lines of a request come one after the other.
    mutating func take(_ line: Line) {
        if request?.first.requestID != line.requestID || request?.first.admittedAt != line.admittedAt { judge() }
        if line.kind == .correction {
            judge()
            enter(line.admittedAt)
            current.spent += line.cost
            return
        }
        let before = request ?? (line, .zero, false)
        let isRequest = line.kind == .settle || line.kind == .resolve
        request = (before.first, before.cost + line.cost, before.isRequest || isRequest)
    }

    /// What came of all lines.
    mutating func finish() -> DryRun {
        judge()
        close()
        return run
    }

    private mutating func judge() {
        guard let (line, cost, isRequest) = request else { return }
        request = nil
        enter(line.admittedAt)
        guard line.admittedAt >= run.from else {
            current.spent += cost
            return
        }
        guard isRequest || cost != .zero else { return }
        let isRefused = cost > .zero && current.spent + cost > run.limit
        if !isRefused { current.spent += cost }
        let refusedAt = isRefused ? line.admittedAt : nil
        run.total.count(cost, refusedAt: refusedAt)
        current.tally.count(cost, refusedAt: refusedAt)
        run.keys[line.keyID, default: DryRun.Tally()].count(cost, refusedAt: refusedAt)
        run.models[line.model, default: DryRun.Tally()].count(cost, refusedAt: refusedAt)
    }

    /// Moves on to the window of an instant.
    private mutating func enter(_ instant: Timestamp) {
        if instant < current.span.end { return }
        close()
        current = DryRun.Window(span: BudgetWindow(window, containing: instant, in: zone), spent: .zero)
    }

    private mutating func close() {
        if current.tally.requests > 0 { run.windows.append(current) }
    }
}
