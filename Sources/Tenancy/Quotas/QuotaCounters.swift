/// All counters of one tenant or key, and the rules that read and change them.
struct QuotaCounters {
    private var requests = RateBucket()
    private var tokens = RateBucket()
    private var day: DayCount?
    private var inFlight: Int64 = 0

    /// Brings every counter up to the present; comes before any other call.
    mutating func advance(_ quota: Quota, zone: String, at instant: Timestamp, uptime: Int64) {
        if let limit = quota.rpm { requests.refill(limit: max(0, limit), now: uptime) }
        if let limit = quota.tpm { tokens.refill(limit: max(0, limit), now: uptime) }
        guard quota.hasDays || day != nil else { return }
        if day == nil { day = DayCount(zone: zone, at: instant) }
        day?.roll(zone: zone, at: instant)
    }

    /// The ceiling that keeps the request out longest; nil if it fits under all.
    func denial(_ quota: Quota, tokens bound: Int64, subject: QuotaSubject, at instant: Timestamp) -> QuotaDenial? {
        var worst: QuotaDenial?
        func consider(_ type: QuotaLimitType, _ limit: Int64?, _ wait: (Int64) -> Int64) {
            guard let limit else { return }
            let milliseconds = wait(max(0, limit))
            guard milliseconds > worst?.retryAfterMS ?? 0 else { return }
            worst = QuotaDenial(subject: subject, limitType: type, limit: limit, retryAfterMS: milliseconds)
        }
        consider(.rpm, quota.rpm) { requests.waitMS(units: 1, limit: $0) }
        consider(.tpm, quota.tpm) { tokens.waitMS(units: bound, limit: $0) }
        if let day {
            consider(.rpd, quota.rpd) { day.waitMS(units: 1, used: day.requests, limit: $0, at: instant) }
            consider(.tpd, quota.tpd) { day.waitMS(units: bound, used: day.tokens, limit: $0, at: instant) }
        }
        // Nobody knows when a request in flight ends; a second is what clients are told.
        consider(.concurrency, quota.concurrency) { inFlight < $0 ? 0 : 1000 }
        return worst
    }

    /// Takes what `denial` found room for.
    mutating func take(_ quota: Quota, tokens bound: Int64, in tally: QuotaTally) -> QuotaTaken {
        var taken = QuotaTaken(tally: tally, requestRate: quota.rpm, tokenRate: quota.tpm, day: day?.day.start)
        inFlight += 1
        if let limit = quota.rpm { _ = requests.take(units: 1, limit: limit) }
        if let limit = quota.tpm { taken.rateTokens = tokens.take(units: bound, limit: limit) }
        // A bound above the day's limit takes all of it and no more.
        taken.dayTokens = min(bound, max(0, quota.tpd ?? bound))
        day?.add(requests: 1, tokens: taken.dayTokens)
        return taken
    }

    /// Takes a request of the rate alone.
    mutating func takeRate(_ quota: Quota) {
        if let limit = quota.rpm { _ = requests.take(units: 1, limit: limit) }
    }

    /// Replaces the tokens taken by the given number.
    mutating func correct(_ taken: QuotaTaken, tokens actual: Int64) {
        if let limit = taken.tokenRate {
            tokens.adjust(by: max(0, min(actual, limit)) - taken.rateTokens, limit: limit)
        }
        // Yesterday's counts are gone, and nothing is owed to today's.
        guard let day, day.day.start == taken.day else { return }
        self.day?.add(requests: 0, tokens: actual - taken.dayTokens)
    }

    /// Gives back the place in flight.
    mutating func leave() {
        inFlight = max(0, inFlight - 1)
    }

    /// Gives back the request itself, as if it had never been let in.
    mutating func forget(_ taken: QuotaTaken) {
        if let limit = taken.requestRate { requests.adjust(by: -1, limit: limit) }
        if let day, day.day.start == taken.day { self.day?.add(requests: -1, tokens: 0) }
    }

    /// Neither count contains the other: the books lack what is in flight, and the day lacks what came while no quota
    /// bound. The larger one takes nothing for two.
    mutating func seedDay(zone: String, at instant: Timestamp, requests: Int64, tokens: Int64) {
        var day = self.day ?? DayCount(zone: zone, at: instant)
        day.roll(zone: zone, at: instant)
        day.set(requests: max(day.requests, requests), tokens: max(day.tokens, tokens))
        self.day = day
    }

    /// Reports what is left of each ceiling that is set.
    @inline(__always)
    func forEachState(
        _ quota: Quota, subject: QuotaSubject, at instant: Timestamp, _ report: (QuotaState) -> Void
    ) {
        func state(_ type: QuotaLimitType, _ limit: Int64, _ left: Int64, _ resets: Int64) {
            report(
                QuotaState(
                    subject: subject, limitType: type, limit: limit, remaining: max(0, left), resetsInMS: resets))
        }
        if let limit = quota.rpm {
            state(.rpm, limit, requests.remaining(limit: max(0, limit)), requests.resetsInMS(limit: max(0, limit)))
        }
        if let limit = quota.tpm {
            state(.tpm, limit, tokens.remaining(limit: max(0, limit)), tokens.resetsInMS(limit: max(0, limit)))
        }
        if let day {
            let resets = day.resetsInMS(at: instant)
            if let limit = quota.rpd { state(.rpd, limit, max(0, limit) - day.requests, resets) }
            if let limit = quota.tpd { state(.tpd, limit, max(0, limit) - day.tokens, resets) }
        }
        if let limit = quota.concurrency { state(.concurrency, limit, max(0, limit) - inFlight, 0) }
    }
}
