/// How much of what can be seen goes with one unit of what is billed, learned from reports; exact integers.
struct LearnedRatio {
    /// No unit is told by less than a thousandth of what is seen; a guess is off by no more than a million times.
    private static let range: ClosedRange<Int64> = 1...1_000_000_000
    /// Once so many reports came, each new one weighs one part in this many; until then all weigh the same.
    private static let weight: Int64 = 8

    /// Thousandths of what is seen for one unit.
    private var perUnit: Int64
    /// The most of them that a report can teach: one request that is mostly padding must not make all others cheap.
    private let most: Int64
    private(set) var reports: Int64 = 0
    /// How far its guesses were off of late, in thousandths of what was reported.
    private(set) var miss: Int64 = 0

    /// A ratio as it is before any report.
    init(assuming perUnit: Int64, atMost most: Int64 = 1_000_000) {
        self.perUnit = perUnit * 1000
        self.most = most * 1000
    }

    /// Takes in a report; one without both sides teaches nothing.
    mutating func learn(seen: Int64, used: Int64) {
        guard seen > 0, used > 0 else { return }
        reports = min(reports + 1, Self.weight)
        let ratio = Int64(clamping: Int128(seen) * 1000 / Int128(used))
        let clamped = min(max(ratio, Self.range.lowerBound), most)
        perUnit = max((perUnit * (reports - 1) + clamped) / reports, Self.range.lowerBound)
    }

    /// Takes in how well it would have guessed a report, before it learns from it.
    mutating func judge(seen: Int64, used: Int64) {
        guard reports > 0, seen > 0, used > 0 else { return }
        let off = Int128(units(seen)) - Int128(used)
        let share = min(Int64(clamping: off.magnitude * 1000 / UInt128(used)), Self.range.upperBound)
        miss = reports == 1 ? share : (miss * (Self.weight - 1) + share) / Self.weight
    }

    /// The units that go with what was seen, begun ones counted whole.
    func units(_ seen: Int64) -> Int64 {
        let scaled = Int128(max(seen, 0)) * 1000 + Int128(perUnit) - 1
        return Int64(clamping: scaled / Int128(perUnit))
    }
}
