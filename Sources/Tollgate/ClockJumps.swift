import Tenancy

/// Notices that somebody set the wall clock: windows, days and expiry go by it, and whoever reads the books later must
/// know.
struct ClockJumps {
    /// What is too little to speak of, in microseconds: five minutes.
    static let allowance: Int64 = 300_000_000

    private var wall: Timestamp
    /// Nanoseconds of the clock that never jumps.
    private var uptime: Int64

    /// The first look.
    init(wall: Timestamp, uptime: Int64) {
        self.wall = wall
        self.uptime = uptime
    }

    /// Another look: by how many seconds the wall clock moved more than time passed, if that is too many; negative when
    /// it was set back.
    mutating func look(wall: Timestamp, uptime: Int64) -> Int64? {
        let moved = wall.microseconds.subtractingReportingOverflow(self.wall.microseconds).partialValue
        let passed = uptime.subtractingReportingOverflow(self.uptime).partialValue / 1000
        self.wall = wall
        self.uptime = uptime
        let jump = moved.subtractingReportingOverflow(passed).partialValue
        return jump.magnitude > Self.allowance.magnitude ? jump / 1_000_000 : nil
    }
}
