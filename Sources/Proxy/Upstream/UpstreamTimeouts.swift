/// How long one upstream call may take in each phase, in milliseconds; zero or less means no limit.
struct UpstreamTimeouts: Sendable, Equatable {
    /// Name look-up, connect and TLS handshake together; no limit means 300 s, as libcurl has it.
    var connectMS: Int64
    /// From the start of sending to the response head.
    var firstByteMS: Int64
    /// Between two pieces of the response body; does not run while the delegate holds the call paused.
    var idleMS: Int64
    /// From `send` to the end.
    var totalMS: Int64
    /// Bytes a second that a response body must bring where it brings any, see `MinimumRate`; pauses do not count.
    var minRate: Int64 = 0
}
