import Billing
import Tenancy

/// Daily quotas after a restart: what the day already used is read back from the roll-ups.
enum QuotaDays {
    static func seed(_ meter: QuotaMeter, directory: Directory, file: DatabaseFile, at instant: Timestamp) throws {
        for profile in directory.allTenants() {
            let tenant = profile.tenant
            var owners: [(owner: QuotaOwner, quota: Quota)] = [(.tenant(tenant.id), profile.quota)]
            for key in directory.keys(of: tenant.id) { owners.append((.key(key.key.id), key.quota)) }
            for (owner, quota) in owners where quota.hasDays {
                let used = try file.read { try LedgerStore.usedOfDay($0, by: owner, of: tenant, at: instant) }
                meter.seedDay(
                    owner, timeZone: tenant.timeZone, at: instant, requests: used.requests, tokens: used.tokens)
            }
        }
    }
}
