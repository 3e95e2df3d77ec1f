import Support
import Tenancy
import Testing

@Suite struct QuotaMeterTests {
    private let clock = ManualClock()
    private let meter: QuotaMeter

    init() {
        meter = QuotaMeter(time: clock)
    }

    private func take(_ principal: Principal, tokens: Int64 = 0) -> Result<QuotaLease, QuotaDenial> {
        meter.take(principal, tokens: tokens, at: clock.now())
    }

    private func denial(_ principal: Principal, tokens: Int64 = 0) -> QuotaDenial? {
        if case .failure(let denial) = take(principal, tokens: tokens) { return denial }
        return nil
    }

    private func remaining(_ principal: Principal) -> [QuotaLimitType: Int64] {
        let states = meter.state(principal, at: clock.now()).map { ($0.limitType, $0.remaining) }
        return Dictionary(states) { first, _ in first }
    }

    @Test
    func `what counts against the rate alone uses no tokens, no day and no place in flight`() throws {
        let principal = TestProfiles.principal(
            tenant: Quota(rpm: 3, tpm: 10, rpd: 5, tpd: 10, concurrency: 1), key: Quota(rpm: 2))
        _ = try take(principal, tokens: 10).get()
        #expect(meter.takeRate(principal, at: clock.now()) == nil)
        let state = meter.state(principal, at: clock.now())
        #expect(
            state.map { "\($0.subject.rawValue) \($0.limitType.rawValue) \($0.remaining)" } == [
                "tenant rpm 1", "tenant tpm 0", "tenant rpd 4", "tenant tpd 0", "tenant concurrency 0", "key rpm 0",
            ])
        let denial = QuotaDenial(subject: .key, limitType: .rpm, limit: 2, retryAfterMS: 30_000)
        #expect(meter.takeRate(principal, at: clock.now()) == denial)
        // The key's refusal took nothing from the tenant.
        #expect(remaining(TestProfiles.principal(tenant: Quota(rpm: 3)))[.rpm] == 1)
        #expect(meter.takeRate(TestProfiles.principal(), at: clock.now()) == nil)
    }

    @Test(
        arguments: [
            (1, 60_000), (3, 20_000), (7, 8572), (60, 1000), (600, 100), (59_999, 2), (60_000, 1), (100_000, 1),
        ] as [(Int64, Int64)])
    func `requests a minute refill evenly and the wait is exact`(limit: Int64, wait: Int64) throws {
        let principal = TestProfiles.principal(tenant: Quota(rpm: limit))
        for _ in 0..<limit { _ = try take(principal).get() }
        #expect(
            denial(principal) == QuotaDenial(subject: .tenant, limitType: .rpm, limit: limit, retryAfterMS: wait))
        clock.advance(milliseconds: wait - 1)
        if limit <= 60_000 { #expect(denial(principal) != nil) }
        clock.advance(milliseconds: 1)
        _ = try take(principal).get()
    }

    @Test func `tokens a minute take the bound and give back the difference`() throws {
        let principal = TestProfiles.principal(key: Quota(tpm: 6000))
        let lease = try take(principal, tokens: 5000).get()
        #expect(remaining(principal)[.tpm] == 1000)
        #expect(
            denial(principal, tokens: 2000)
                == QuotaDenial(subject: .key, limitType: .tpm, limit: 6000, retryAfterMS: 10_000))
        meter.finish(lease, tokens: 100)
        #expect(remaining(principal)[.tpm] == 5900)
        meter.finish(lease, tokens: 6000)
        meter.giveBack(lease)
        #expect(remaining(principal)[.tpm] == 5900, "a lease ends once")
    }

    @Test func `more used than bound is counted too`() throws {
        let principal = TestProfiles.principal(tenant: Quota(tpm: 1000, tpd: 10_000))
        let lease = try take(principal, tokens: 100).get()
        meter.finish(lease, tokens: 700)
        #expect(remaining(principal) == [.tpm: 300, .tpd: 9300])
    }

    @Test func `a bound above the limit needs a full bucket and takes all of it`() throws {
        let principal = TestProfiles.principal(tenant: Quota(tpm: 1000))
        let lease = try take(principal, tokens: 50_000).get()
        #expect(remaining(principal)[.tpm] == 0)
        meter.finish(lease, tokens: 600)
        #expect(remaining(principal)[.tpm] == 400)
        #expect(denial(principal, tokens: 50_000)?.retryAfterMS == 36_000)
        clock.advance(milliseconds: 35_999)
        #expect(denial(principal, tokens: 50_000)?.retryAfterMS == 1)
        clock.advance(milliseconds: 1)
        _ = try take(principal, tokens: 50_000).get()
    }

    @Test func `a bound above the day's limit needs an unused day`() throws {
        let principal = TestProfiles.principal(tenant: Quota(tpd: 1000))
        let lease = try take(principal, tokens: 5000).get()
        #expect(remaining(principal)[.tpd] == 0)
        meter.finish(lease, tokens: 1)
        #expect(remaining(principal)[.tpd] == 999)
        #expect(denial(principal, tokens: 5000)?.limitType == .tpd)
        _ = try take(principal, tokens: 999).get()
    }

    @Test(
        arguments: [
            ("UTC", 43_200_000), ("Europe/Berlin", 39_600_000), ("Asia/Kathmandu", 22_500_000),
            ("America/New_York", 61_200_000),
        ] as [(String, Int64)])
    func `days end at midnight in the tenant's zone`(zone: String, wait: Int64) throws {
        let principal = TestProfiles.principal(tenant: Quota(rpd: 1), zone: zone)
        meter.finish(try take(principal).get(), tokens: 0)
        #expect(
            denial(principal) == QuotaDenial(subject: .tenant, limitType: .rpd, limit: 1, retryAfterMS: wait))
        clock.advance(milliseconds: wait - 1)
        #expect(denial(principal)?.retryAfterMS == 1)
        clock.advance(milliseconds: 1)
        _ = try take(principal).get()
    }

    @Test func `a clock that goes back and forth opens no day twice`() throws {
        let principal = TestProfiles.principal(tenant: Quota(rpd: 1))
        meter.finish(try take(principal).get(), tokens: 0)
        clock.advance(milliseconds: -86_400_000)
        meter.finish(try take(principal).get(), tokens: 0)
        clock.advance(milliseconds: 86_400_000)
        #expect(denial(principal)?.limitType == .rpd)
        clock.advance(milliseconds: -86_400_000)
        #expect(denial(principal)?.limitType == .rpd)
        clock.advance(milliseconds: 2 * 86_400_000)
        _ = try take(principal).get()
    }

    @Test func `tokens of yesterday's request do not touch today's count`() throws {
        let principal = TestProfiles.principal(tenant: Quota(tpd: 1000))
        let lease = try take(principal, tokens: 900).get()
        clock.advance(milliseconds: 86_400_000)
        _ = try take(principal, tokens: 200).get()
        meter.finish(lease, tokens: 0)
        #expect(remaining(principal)[.tpd] == 800)
    }

    @Test func `concurrency counts from admission to finish`() throws {
        let principal = TestProfiles.principal(tenant: Quota(concurrency: 2))
        let leases = try [take(principal).get(), take(principal).get()]
        #expect(denial(principal)?.limitType == .concurrency)
        clock.advance(milliseconds: 3_600_000)
        #expect(denial(principal) != nil)
        meter.finish(leases[0], tokens: 0)
        meter.finish(leases[0], tokens: 0)
        _ = try take(principal).get()
        #expect(denial(principal) != nil, "the second finish freed nothing")
        meter.giveBack(leases[1])
        _ = try take(principal).get()
    }

    @Test func `a refusal takes nothing from anyone`() throws {
        let quota = Quota(rpm: 10, tpm: 1000, rpd: 10, tpd: 1000, concurrency: 10)
        let principal = TestProfiles.principal(tenant: quota, key: Quota(rpm: 1))
        meter.finish(try take(principal).get(), tokens: 0)
        let before = meter.state(principal, at: clock.now())
        #expect(denial(principal, tokens: 10)?.subject == .key)
        #expect(meter.state(principal, at: clock.now()) == before)
    }

    @Test func `giving back leaves no trace`() throws {
        let quota = Quota(rpm: 10, tpm: 1000, rpd: 10, tpd: 1000, concurrency: 10)
        let principal = TestProfiles.principal(tenant: quota, key: quota)
        let before = meter.state(principal, at: clock.now())
        #expect(before.count == 10)
        let lease = try take(principal, tokens: 400).get()
        #expect(remaining(principal) == [.rpm: 9, .tpm: 600, .rpd: 9, .tpd: 600, .concurrency: 9])
        meter.giveBack(lease)
        #expect(meter.state(principal, at: clock.now()) == before)
    }

    @Test func `the tenant's quota is shared by its keys`() throws {
        let first = TestProfiles.principal(tenant: Quota(rpm: 2), key: Quota(rpm: 2), keyID: "key_1")
        let second = TestProfiles.principal(tenant: Quota(rpm: 2), key: Quota(rpm: 2), keyID: "key_2")
        _ = try take(first).get()
        _ = try take(second).get()
        #expect(denial(first)?.subject == .tenant)
    }

    @Test func `the denial names what keeps the request out longest`() throws {
        let principal = TestProfiles.principal(tenant: Quota(rpm: 60, rpd: 1, concurrency: 1), key: Quota(rpm: 1))
        _ = try take(principal).get()
        #expect(denial(principal)?.limitType == .rpd)
    }

    @Test func `a limit of zero admits nothing`() throws {
        for quota in [Quota(rpm: 0), Quota(tpm: 0), Quota(rpd: 0), Quota(tpd: 0), Quota(concurrency: 0)] {
            let refused = denial(TestProfiles.principal(tenant: quota), tokens: 1)
            #expect(refused?.limit == 0)
            #expect(try #require(refused).retryAfterMS > 0)
        }
    }

    @Test func `absurd numbers do no harm`() throws {
        let huge = Quota(rpm: .max, tpm: .max, rpd: .max, tpd: .max, concurrency: .max)
        let principal = TestProfiles.principal(tenant: huge, key: Quota(tpm: -5, tpd: .max))
        #expect(denial(principal, tokens: .max)?.limit == -5)
        let open = TestProfiles.principal(tenant: huge)
        let lease = try take(open, tokens: .max).get()
        meter.finish(lease, tokens: .max)
        #expect(remaining(open)[.tpd] == 0)
        try meter.finish(take(TestProfiles.principal(key: huge), tokens: .max).get(), tokens: .min)
        clock.set(Timestamp(microseconds: .max / 1000))
        _ = try take(open, tokens: -1).get()
    }

    @Test func `lowering a limit empties no more than the bucket holds`() throws {
        let wide = TestProfiles.principal(tenant: Quota(rpm: 600))
        for _ in 0..<600 { _ = try take(wide).get() }
        let narrow = TestProfiles.principal(tenant: Quota(rpm: 6))
        clock.advance(milliseconds: 1)
        #expect(try #require(denial(narrow)).retryAfterMS <= 10_000)
        clock.advance(milliseconds: 10_000)
        _ = try take(narrow).get()
    }

    @Test func `a seeded day goes on where the books left off`() throws {
        let principal = TestProfiles.principal(tenant: Quota(rpd: 10, tpd: 1000), key: Quota(rpd: 4))
        meter.seedDay(.tenant(ID("ten_1")), timeZone: "UTC", at: clock.now(), requests: 3, tokens: 600)
        meter.seedDay(.key(ID("key_1")), timeZone: "UTC", at: clock.now(), requests: 4, tokens: 600)
        #expect(remaining(principal)[.tpd] == 400)
        #expect(denial(principal)?.subject == .key)
        clock.advance(milliseconds: 86_400_000)
        #expect(denial(principal) == nil)
    }

    @Test func `seeding a day takes nothing back of what it has counted`() throws {
        let principal = TestProfiles.principal(tenant: Quota(rpd: 10, tpd: 1000))
        let lease = try take(principal, tokens: 300).get()
        for (requests, tokens) in [(0, 400), (3, 100)] as [(Int64, Int64)] {
            meter.seedDay(
                .tenant(ID("ten_1")), timeZone: "UTC", at: clock.now(), requests: requests, tokens: tokens)
        }
        #expect(remaining(principal)[.rpd] == 7 && remaining(principal)[.tpd] == 600)
        meter.finish(lease, tokens: 200)
        #expect(remaining(principal)[.tpd] == 700)
    }

    @Test func `without a quota everything is let in`() throws {
        let principal = TestProfiles.principal()
        for _ in 0..<100 { meter.finish(try take(principal, tokens: .max).get(), tokens: .max) }
        #expect(meter.state(principal, at: clock.now()).isEmpty)
    }
}
