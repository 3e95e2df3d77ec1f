import Testing

@testable import Proxy

struct EmergencyPassthroughTests {
    private static let minute: Int64 = 60_000_000_000

    private func settings(ppm: Int64 = 100_000, attempts: Int = 3) -> RoutingSettings {
        var settings = RoutingSettings()
        settings.emergencyPPM = ppm
        settings.emergencyAttempts = attempts
        return settings
    }

    static let rates: [(Int?, Int64, Int, Int64)] = [
        (nil, 100_000, 3, 60), (1000, 100_000, 3, 100), (5, 100_000, 3, 1), (.max, 1_000_000, 3, .max / 1_000_000),
        (600, 0, 3, 0), (600, 100_000, 0, 0),
    ]

    @Test(arguments: rates)
    func `the rate is a fraction of the backend's own, at least one a minute`(
        _ rpm: Int?, _ ppm: Int64, _ attempts: Int, _ expected: Int64
    ) {
        #expect(EmergencyPassthrough.perMinute(rpm: rpm, settings(ppm: ppm, attempts: attempts)) == expected)
    }

    @Test
    func `calls beyond the rate wait for it to refill`() {
        var emergency = EmergencyPassthrough()
        for _ in 1...2 {
            #expect(emergency.allows(perMinute: 2, at: 0) == true)
            emergency.take(perMinute: 2)
        }
        #expect(emergency.allows(perMinute: 2, at: Self.minute / 2 - 1) == false)
        #expect(emergency.allows(perMinute: 2, at: Self.minute / 2) == true)
        emergency.take(perMinute: 2)
        emergency.giveBack(perMinute: 2)
        #expect(emergency.allows(perMinute: 2, at: Self.minute / 2) == true)
    }

    @Test
    func `without a rate nothing passes`() {
        var emergency = EmergencyPassthrough()
        #expect(emergency.allows(perMinute: 0, at: 0) == false)
    }
}

struct BackendRateTests {
    @Test
    func `a backend with a rate takes a minute's worth at once and then as it refills`() {
        var rate = BackendRate()
        for _ in 1...3 {
            #expect(rate.waitMS(rpm: 3, at: 0) == 0)
            rate.take(rpm: 3)
        }
        #expect(rate.waitMS(rpm: 3, at: 0) == 20_000)
        rate.giveBack(rpm: 3)
        #expect(rate.waitMS(rpm: 3, at: 0) == 0)
    }

    @Test
    func `a backend without one takes any number`() {
        var rate = BackendRate()
        for _ in 1...1000 { rate.take(rpm: nil) }
        #expect(rate.waitMS(rpm: nil, at: 0) == 0)
    }
}
