import GRDB
import Support
import Tenancy
import Testing

@testable import Billing

/// A few hundred settled calls over three weeks with a change of the clock, and a second, plain way to sum them.
final class UsageHistory {
    /// One entry of the ledger.
    struct Entry {
        let admittedAt: Timestamp
        let labels: [UsageGroup: String]
        let isRequest: Bool
        let usage: TokenUsage
        let cost: Money
        /// The price it was charged by, per meter; none for what has no price.
        let rates: Rates?
    }

    static let otherTenant = ID<Tenant>("ten_2")
    static let otherKey = ID<APIKey>("key_z")
    private static let tags: [String: [String: String]] = [
        "key_a": ["team": "blue"], "key_b": ["team": "green", "stage": "prod"], "key_z": [:],
        "ten_1": ["team": "never seen", "stage": "test"], "ten_2": ["team": "blue"],
    ]

    let fixture: LedgerFixture
    private var random = SeededGenerator(seed: 20_261_023)
    private let prices: [PriceVersion]

    init() async throws {
        let start = try #require(Timestamp(rfc3339: "2026-10-19T00:00:00Z"))
        fixture = try LedgerFixture(at: start)
        let priced = try [("1.5", "6", "0.01"), ("2.25", "7.5", "0.02")].enumerated().map { number, texts in
            let rates = Rates(
                input: try Self.rate(texts.0), output: try Self.rate(texts.1),
                others: [.image: 40_000_000_000, .inputCacheRead: 7])
            return PriceVersion(
                id: "prc_\(number)", model: "m\(number)", effectiveFrom: start, publishedAt: start, rates: rates)
        }
        prices = priced
        try fixture.file.write { db in
            let tenant = Tenant(id: Self.otherTenant, name: "two", createdAt: start)
            try TenancyStore.insert(db, tenant: tenant)
            try db.execute(
                sql: "INSERT INTO api_keys (id, tenant_id, name, created_at) VALUES (?, ?, 'z', 0)",
                arguments: [Self.otherKey.text, tenant.id.text])
            for (id, tags) in Self.tags {
                let text = "{" + tags.map { "\"\($0)\":\"\($1)\"" }.joined(separator: ",") + "}"
                let table = id.hasPrefix("key") ? "api_keys" : "tenants"
                try db.execute(sql: "UPDATE \(table) SET tags = ? WHERE id = ?", arguments: [text, id])
            }
            for price in priced { _ = try BillingStore.insert(price, db) }
        }
        for _ in 0..<300 { try await call() }
    }

    private static func rate(_ text: String) throws -> Int64 {
        try #require(Int64(exactly: try Money(decimal: text).pico / 1_000_000))
    }

    /// One call of a random key at a random model; now and then one that fails, costs more than was held, or is charged
    /// without a count.
    private func call() async throws {
        fixture.clock.advance(milliseconds: Int64(random.below(7_000_000)))
        let isOther = random.below(4) == 0
        let keys = isOther ? [Self.otherKey] : [LedgerFixture.keyA, LedgerFixture.keyB]
        var tenant = fixture.tenant()
        if isOther { tenant.id = Self.otherTenant }
        tenant.priceMultiplierPPM = [1_000_000, 1_333_333][random.below(2)]
        let price = random.below(5) == 0 ? nil : prices[random.below(2)]
        let claim = Ledger.Claim(
            requestID: RequestID.make(at: fixture.clock.now()), tenant: tenant, keyID: keys[random.below(keys.count)],
            model: "m\(random.below(3))", pool: ["p", "q"][random.below(2)], wanted: Money(pico: 400_000_000),
            admittedAt: fixture.clock.now().adding(milliseconds: Int64(random.below(3_000_000))), price: price)
        let reservation = try fixture.held(claim)
        #expect(await fixture.record(reservation) == nil)
        var usage = TokenUsage(input: Int64(random.below(500)), output: Int64(random.below(100)))
        if random.below(3) == 0 { usage.inputCacheRead = Int64(random.below(1000)) }
        if random.below(6) == 0 { usage.image = Int64(1 + random.below(3)) }
        var settlement = fixture.settlement(reservation, cost: 0, usage: usage)
        settlement.backendID = "be_\(1 + random.below(2))"
        settlement.cost =
            price.map {
                CostCalculator.cost(usage, rates: $0.rates.scaled(ppm: tenant.priceMultiplierPPM))
            } ?? .zero
        switch random.below(12) {
        case 0:
            settlement = fixture.settlement(reservation, cost: 0, outcome: .errorStatus)
        case 1:
            settlement = fixture.settlement(reservation, cost: 399_999_999, outcome: .unanswered)
        default: break
        }
        let ended = settlement
        let error = await withCheckedContinuation { continuation in
            fixture.ledger.settle(ended) { continuation.resume(returning: $0) }
        }
        #expect(error == nil)
    }

    /// Folds the next entries, a hundred in each part.
    func fold(parts: Int) async throws {
        let folding = UsageFolding(
            file: fixture.file, journal: fixture.journal, partSize: 100, logger: LedgerFixture.quiet)
        for _ in 0..<parts { _ = try await folding.foldPart() }
    }

    /// Every entry, read one by one.
    func entries() throws -> [Entry] {
        let versions = Dictionary(prices.map { ($0.id, $0) }) { first, _ in first }
        return try fixture.file.read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM ledger").map { row in
                var usage = TokenUsage(input: row["input"], output: row["output"])
                usage.inputCacheRead = row["input_cache_read"]
                if let others: String = row["other_meters"] { #expect(usage.readOtherMeters(others) == true) }
                let (tenant, key): (String, String) = (row["tenant_id"], row["key_id"])
                var labels: [UsageGroup: String] = [
                    .tenant: tenant, .key: key, .model: row["model"], .pool: row["pool"], .backend: row["backend_id"],
                ]
                for name in ["team", "stage"] {
                    labels[.tag(name)] = Self.tags[key]?[name] ?? Self.tags[tenant]?[name] ?? ""
                }
                let kind: String = row["kind"]
                let version: String? = row["price_version"]
                return Entry(
                    admittedAt: Timestamp(microseconds: row["admitted_at"]), labels: labels,
                    isRequest: kind == "settle" || kind == "resolve", usage: usage,
                    cost: Money(pico: Int128(row["cost"] as Int64)),
                    rates: version.flatMap { versions[$0] }?.rates.scaled(ppm: row["multiplier_ppm"]))
            }
        }
    }

    /// The answer to a query, by a plain loop over the entries.
    func sums(_ query: UsageQuery) throws -> [UsagePage.Bucket] {
        let entries = try entries().filter { query.span.contains($0.admittedAt) && Self.suits($0, query) }
        var buckets: [UsagePage.Bucket] = []
        var position = query.span.start
        while position < query.span.end {
            let span = query.bucketSpan(containing: position)
            var rows: [[String]: UsageRow] = [:]
            for entry in entries where span.contains(entry.admittedAt) {
                let shares =
                    query.groups.contains(.meter) ? byMeter(entry) : [("", entry.isRequest, entry.usage, entry.cost)]
                for (meter, isRequest, usage, cost) in shares {
                    let isNothing = !isRequest && usage == .zero && cost == .zero
                    if isNothing { continue }
                    let values = query.groups.map { $0 == .meter ? meter : entry.labels[$0] ?? "" }
                    var row = rows[values] ?? UsageRow(values: values, requests: 0, usage: .zero, cost: .zero)
                    row.requests += isRequest ? 1 : 0
                    row.usage.add(usage)
                    row.cost += cost
                    rows[values] = row
                }
            }
            // A cost and what was taken off it again may leave nothing.
            let ordered = rows.values.filter { $0.requests != 0 || $0.usage != .zero || $0.cost != .zero }
                .sorted(by: Self.isBefore)
            buckets.append(UsagePage.Bucket(span: span, rows: ordered))
            position = span.end
        }
        return buckets
    }

    private static func suits(_ entry: Entry, _ query: UsageQuery) -> Bool {
        let wanted: [(UsageGroup, [String]?)] = [
            (.tenant, query.tenantIDs?.map(\.text)), (.key, query.keyIDs?.map(\.text)), (.model, query.models),
            (.pool, query.pool.map { [$0] }), (.backend, query.backendID.map { [$0] }),
        ]
        return wanted.allSatisfy { group, values in values?.contains(entry.labels[group] ?? "") ?? true }
    }

    private static func isBefore(_ left: UsageRow, _ right: UsageRow) -> Bool {
        for (one, other) in zip(left.values, right.values) where one != other {
            return Array(one.utf8).lexicographicallyPrecedes(Array(other.utf8))
        }
        return false
    }

    /// What each meter of an entry cost, and the rest that none explains.
    private func byMeter(_ entry: Entry) -> [(String, Bool, TokenUsage, Money)] {
        var shares: [(String, Bool, TokenUsage, Money)] = []
        var rest = entry.cost
        for meter in Meter.allCases where entry.usage[meter] > 0 {
            var usage = TokenUsage.zero
            usage[meter] = entry.usage[meter]
            let cost = Money(pico: Int128(entry.usage[meter]) * Int128(entry.rates?[meter] ?? 0))
            rest -= cost
            shares.append((meter.rawValue, entry.isRequest, usage, cost))
        }
        return shares + [("", false, .zero, rest)]
    }
}
