/// Which calls are recorded: those whose caller records them, and a share of those that name no trace.
struct TraceSampler: Sendable {
    /// Trace ids whose lower 56 bits are below it are recorded, as OpenTelemetry's ratio sampler does it.
    private let bound: UInt64

    /// - Parameter share: parts in a million of the calls that name no trace.
    init(sharePPM share: Int64) {
        let parts = UInt64(clamping: min(max(share, 0), 1_000_000))
        bound = parts == 1_000_000 ? 1 << 56 : (1 << 56) / 1_000_000 * parts
    }

    /// Whether a call is recorded that names no trace itself.
    func takes(traceLow: UInt64) -> Bool {
        traceLow & (1 << 56 - 1) < bound
    }
}
