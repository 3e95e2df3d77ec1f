import Testing

@testable import Proxy

/// The durations of `x-ratelimit-reset-*`.
struct RateLimitHeadersTests {
    @Test(arguments: [
        (0, "0ms"), (20, "20ms"), (999, "999ms"), (1000, "1s"), (1001, "2s"), (59_000, "59s"), (360_000, "6m0s"),
        (3_600_000, "1h0m0s"), (90_061_000, "25h1m1s"),
    ])
    func `durations are written as the SDKs know them`(_ milliseconds: Int, _ text: String) {
        #expect(RateLimitHeaders.duration(Int64(milliseconds)) == text)
    }
}
