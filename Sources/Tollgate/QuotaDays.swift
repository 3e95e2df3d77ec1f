import Billing
import Tenancy

/// Daily quotas after a restart: what the day already used is read back from the roll-ups.
enum QuotaDays {
    static func seed(_ meter: QuotaMeter, directory: Directory, file: DatabaseFile, at instant: Timestamp) throws {
        for profile in directory.allTenants() {
            let tenant = profile.tenant
            guard let zone = CalendarZone(identifier: tenant.timeZone) else { continue }
            // Days after this one have entries where the clock was set back.
            let day = zone.day(containing: instant)
            if profile.quota.countsDays {
                let used = try file.read {
                    try LedgerStore.requestsAndTokensSince($0, tenantID: tenant.id, from: day.start, to: day.end)
                }
                meter.seedDay(
                    .tenant(tenant.id), timeZone: tenant.timeZone, at: instant, requests: used.requests,
                    tokens: used.tokens)
            }
            for key in directory.keys(of: tenant.id) where key.quota.countsDays {
                let used = try file.read {
                    try LedgerStore.requestsAndTokensSince(
                        $0, tenantID: tenant.id, keyID: key.key.id, from: day.start, to: day.end)
                }
                meter.seedDay(
                    .key(key.key.id), timeZone: tenant.timeZone, at: instant, requests: used.requests,
                    tokens: used.tokens)
            }
        }
    }
}

extension Quota {
    /// Has a quota whose count outlives the process.
    fileprivate var countsDays: Bool { rpd != nil || tpd != nil }
}
