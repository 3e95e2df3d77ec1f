import Tenancy
import Testing

@testable import Tollgate

struct ClockJumpsTests {
    @Test(arguments: [(10, nil), (310, nil), (311, 301), (-300, -310), (-280, nil)] as [(Int64, Int64?)])
    func `a jump of more than five minutes is told once, in either direction`(moved: Int64, told: Int64?) {
        let start = Timestamp(microseconds: 1_795_435_200_000_000)
        var jumps = ClockJumps(wall: start, uptime: 7)
        let wall = start.adding(milliseconds: moved * 1000)
        #expect(jumps.look(wall: wall, uptime: 10_000_000_007) == told)
        #expect(jumps.look(wall: wall, uptime: 10_000_000_007) == nil)
    }
}
