import Tenancy

/// How a month moves from open to closed: what a request and what the passing of time do, and nothing else.
enum PeriodRule {
    /// What can be done for a month now.
    enum Step: Equatable {
        /// Nobody asked, or it is closed.
        case none
        /// Its grace runs.
        case waitUntil(Timestamp)
        /// Its grace is over, and so many calls that it admitted are under way.
        case waitForCalls(Int)
        /// Nothing is in the way.
        case close
    }

    /// What a request to close makes of a month; a later request sets the grace anew, and a closed month stays as it
    /// is. Throws `PeriodError.notEnded`.
    static func requested(
        _ period: Period,
        graceMS: Int64,
        by actor: String,
        at now: Timestamp
    ) throws(PeriodError) -> Period {
        if period.status == .closed { return period }
        guard period.month.end <= now else { throw .notEnded(end: period.month.end) }
        let closing = Period.Closing(
            requestedAt: now, requestedBy: actor, dueAt: now.adding(milliseconds: max(graceMS, 0)))
        return Period(period.month, closing: closing)
    }

    /// What is next for a month. `liveHolds` is counted over all tenants, and only once the grace is over.
    static func step(
        _ period: Period, liveHolds: @autoclosure () -> Int, at now: Timestamp
    ) -> Step {
        guard period.status == .closing, let closing = period.closing else { return .none }
        if now < closing.dueAt { return .waitUntil(closing.dueAt) }
        let live = liveHolds()
        return live > 0 ? .waitForCalls(live) : .close
    }
}
