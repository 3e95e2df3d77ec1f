/// Where traces go, and how many calls are recorded.
struct TelemetrySettings: Sendable, Equatable {
    /// The base URL of a receiver of OpenTelemetry's protocol over HTTP.
    var endpoint: String
    /// Parts in a million of the calls whose callers name no trace.
    var samplePPM: Int64 = 50_000
}
