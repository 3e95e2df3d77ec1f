import Tenancy
import Testing

@testable import Billing

/// How entries become rows, without a database.
@Suite struct ExportRowsTests {
    private static let day: Int64 = 20_000

    private static func pricing(_ perMillion: [String: String] = ["input": "2.5", "output": "10"]) throws
        -> ExportPricing
    {
        let version = PriceVersion(
            id: "prc_1", model: "m", effectiveFrom: Timestamp(microseconds: 0), publishedAt: Timestamp(microseconds: 0),
            rates: try Rates(perMillion: perMillion))
        return try ExportPricing(["prc_1": PriceFact(version)])
    }

    private static func row(_ tenant: String = "ten_1") -> ExportRow {
        var row = ExportRow(kind: .usage, day: Timestamp(microseconds: day * RollUpSums.day), tenantID: tenant)
        row.model = "m"
        row.priceVersion = "prc_1"
        return row
    }

    @Test(arguments: [1_000_000, 1_250_000, 333_333, 0])
    func `rows of a group add up to what its entries cost, whatever the multiplier`(ppm: Int64) throws {
        let rates = try Rates(perMillion: ["input": "2.5", "output": "10"])
        var generator = SeededGenerator(seed: UInt64(ppm) + 7)
        var sums = ExportSums()
        for _ in 0..<500 {
            let usage = TokenUsage(
                input: .random(in: 0...9999, using: &generator), output: .random(in: 0...999, using: &generator))
            let cost = CostCalculator.cost(usage, rates: rates.scaled(ppm: ppm)).line.pico
            // Some entries cost other than their counts say: capped by their hold, or charged without a count.
            let extra = Int64.random(in: -1000...1000, using: &generator)
            sums.cost += cost + Int128(extra)
            sums.listCost += CostCalculator.cost(usage, rates: rates).pico
            sums.usage.add(usage)
            sums.requests += 1
        }
        let rows = try Self.pricing().rows(Self.row(), sums, multiplierPPM: ppm)
        #expect(rows.reduce(Int128(0)) { $0 + $1.cost.pico } == sums.cost)
        #expect(rows.reduce(Int128(0)) { $0 + $1.listCost.pico } == sums.listCost)
        #expect(rows.map(\.requests) == [500, 0, 0])
        #expect(rows.map(\.kind) == [.usage, .usage, .adjustment])
        for row in rows where row.kind == .usage {
            #expect(row.cost.pico == Int128(row.units) * row.unitPrice.pico)
        }
    }

    @Test func `what the hold did not cover joins the call it belongs to`() throws {
        var sums = ExportSums()
        sums.usage = TokenUsage(input: 10)
        sums.cost = 25_000_000
        sums.listCost = 25_000_000
        #expect(try Self.pricing().rows(Self.row(), sums, multiplierPPM: 1_000_000).map(\.kind) == [.usage])
    }

    @Test func `a sum that does not fit is an error, not a smaller number`() throws {
        var sums = ExportSums()
        sums.usage.add(TokenUsage(input: .max))
        #expect(throws: ExportError.tooManyUnits(Self.row().tenantID)) {
            try Self.pricing().rows(Self.row(), sums, multiplierPPM: 1_000_000)
        }
    }

    @Test func `rows come by day and name, however the entries came`() throws {
        func rows(_ order: [Int]) throws -> [ExportRow] {
            var days = ExportDays(try Self.pricing(), isUpstream: false, credits: [], prepaid: PrepaidDraw())
            for place in order {
                let group = ExportGroup(
                    day: Self.day + Int64(place % 3), tenant: days.names.number("ten_\(place % 5)"),
                    key: ExportNames.none,
                    pool: days.names.number("p"), model: days.names.number("m\(place % 2)"), backend: ExportNames.none,
                    version: days.names.number("prc_1"), listVersion: ExportNames.none,
                    corrects: ExportNames.none, correction: ExportNames.none, multiplierPPM: 1_000_000)
                days.add(
                    ExportEntry(
                        group: group, isRequest: true, isEstimated: false, usage: TokenUsage(input: Int64(place)),
                        cost: Int64(place) * 2_500_000, listCost: Int64(place) * 2_500_000, upstreamCost: 0))
            }
            let first = try days.finish(before: Self.day + 1)
            #expect(Set(first.map(\.day)) == [Timestamp(microseconds: Self.day * RollUpSums.day)])
            return first + (try days.finish(before: nil))
        }
        let forth = try rows(Array(1...120))
        #expect(forth == (try rows(Array((1...120).reversed()))))
        #expect(forth.map(\.day) == forth.map(\.day).sorted())
    }

    @Test func `what was paid ahead pays the first rows and is carried on`() {
        func usd(_ amount: Int) -> Money { Money(pico: Int128(amount)) }
        let months = [(100, 30), (0, 50), (0, 40), (10, -5), (0, 100)].map {
            PrepaidMonth(paid: usd($0.0), spent: usd($0.1))
        }
        let drawn = months.indices.map { PrepaidDraw.drawn(months, at: $0).pico }
        #expect(drawn == [30, 50, 20, 0, 10])
        var draw = PrepaidDraw(["ten_1": usd(12)])
        let billed = [8, -3, 8].map { cost -> Int128 in
            var row = Self.row()
            row.cost = usd(cost)
            draw.bill(&row)
            return row.billed.pico
        }
        #expect(billed == [0, -3, 4])
    }
}
