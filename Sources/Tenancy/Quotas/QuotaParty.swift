/// One of the owners whose quotas bind a request.
struct QuotaParty {
    let subject: QuotaSubject
    let owner: QuotaOwner
    let quota: Quota
    let zone: String

    /// The same owner, bound by its rate of requests alone; nil if it has none.
    var requestRateOnly: QuotaParty? {
        quota.rpm.map { QuotaParty(subject: subject, owner: owner, quota: Quota(rpm: $0), zone: zone) }
    }

    /// Reads the owner's counters after bringing them up to the present.
    func with<Value>(
        _ counters: inout [QuotaOwner: QuotaCounters],
        at instant: Timestamp,
        uptime: Int64,
        _ read: (QuotaCounters) -> Value
    ) -> Value {
        func advanced(_ counters: inout QuotaCounters) -> Value {
            counters.advance(quota, zone: zone, at: instant, uptime: uptime)
            return read(counters)
        }
        return advanced(&counters[owner, default: QuotaCounters()])
    }
}
