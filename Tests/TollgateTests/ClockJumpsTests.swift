import Tenancy
import Testing

@testable import Tollgate

struct ClockJumpsTests {
    private static let minute: Int64 = 60_000_000

    @Test(
        arguments: [
            (10_000_000, nil), (10_000_000 + 5 * minute, nil), (11_000_000 + 5 * minute, 301), (0 - 5 * minute, -310),
            (-5 * minute + 20_000_000, nil),
        ] as [(Int64, Int64?)])
    func `a jump of more than five minutes is told, in either direction`(moved: Int64, seconds: Int64?) {
        let start = Timestamp(microseconds: 1_795_435_200_000_000)
        var jumps = ClockJumps(wall: start, uptime: 7)
        let wall = Timestamp(microseconds: start.microseconds + moved)
        #expect(jumps.look(wall: wall, uptime: 10_000_000_007) == seconds)
        #expect(jumps.look(wall: wall, uptime: 10_000_000_007) == nil, "told twice")
    }
}
