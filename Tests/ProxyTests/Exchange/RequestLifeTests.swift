import Testing

@testable import Proxy

/// What a client's leaving means at each stage.
struct RequestLifeTests {
    static let departures: [(RequestLife.Stage, OnDisconnect, RequestLife.Departure)] = [
        (.admitting, .abort, .none),
        (.waitingForBudget, .abort, .leaveQueue),
        (.waitingForBackend, .drain, .leaveQueue),
        (.recordingHold, .abort, .releaseOnceRecorded),
        (.calling, .abort, .abortCall),
        (.calling, .drain, .keepReading),
        (.settling, .abort, .none),
        (.ended, .drain, .none),
    ]

    @Test(arguments: departures)
    func `leaving means one thing at each stage`(
        _ stage: RequestLife.Stage, _ policy: OnDisconnect, _ expected: RequestLife.Departure
    ) {
        var life = RequestLife()
        life.move(to: stage)
        #expect(life.clientLeft(policy) == expected)
        #expect(life.clientIsGone)
    }

    @Test
    func `a client leaves once`() {
        var life = RequestLife()
        life.move(to: .calling)
        #expect(life.clientLeft(.abort) == .abortCall)
        #expect(life.clientLeft(.abort) == .none)
    }
}
