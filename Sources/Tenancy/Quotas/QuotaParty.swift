/// One of the owners whose quotas bind a request.
struct QuotaParty {
    let subject: QuotaSubject
    let quota: Quota
    let zone: String
    let tally: QuotaTally

    /// The same owner, bound by its rate of requests alone; nil if it has none.
    var requestRateOnly: QuotaParty? {
        quota.rpm.map { QuotaParty(subject: subject, quota: Quota(rpm: $0), zone: zone, tally: tally) }
    }

    /// Brings the owner's counters up to the present; comes before any other use of them.
    func advance(at instant: Timestamp, uptime: Int64) {
        tally.counters.advance(quota, zone: zone, at: instant, uptime: uptime)
    }
}
