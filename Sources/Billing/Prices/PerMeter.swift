/// One whole number for each meter, held in place: copying it allocates nothing, and no list of meters is walked.
struct PerMeter: Sendable, Equatable {
    /// By `Meter.index`; the lanes beyond the last meter stay 0.
    var lanes: SIMD16<Int64>

    static let zero = PerMeter(lanes: .zero)

    subscript(meter: Meter) -> Int64 {
        get { lanes[meter.index] }
        set { lanes[meter.index] = newValue }
    }

    /// Adds meter by meter; saturates.
    mutating func add(_ other: PerMeter) {
        let sums = lanes &+ other.lanes
        // A sum overflowed where its sign is neither that of the one nor of the other.
        if Self.hasSign((lanes ^ sums) & (other.lanes ^ sums)) {
            for lane in lanes.indices { lanes[lane] = Self.sum(lanes[lane], other.lanes[lane]) }
        } else {
            lanes = sums
        }
    }

    /// Whether a lane is negative.
    private static func hasSign(_ lanes: SIMD16<Int64>) -> Bool {
        let eight = lanes.lowHalf | lanes.highHalf
        let four = eight.lowHalf | eight.highHalf
        let two = four.lowHalf | four.highHalf
        return two.x | two.y < 0
    }

    /// The sum of the meters at some places; saturates.
    func sum(_ places: Range<Int>) -> Int64 {
        var sum: Int64 = 0
        for place in places { sum = Self.sum(sum, lanes[place]) }
        return sum
    }

    private static func sum(_ left: Int64, _ right: Int64) -> Int64 {
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow ? (right < 0 ? Int64.min : Int64.max) : sum
    }
}
