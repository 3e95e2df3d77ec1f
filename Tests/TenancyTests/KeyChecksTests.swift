import Synchronization
import Testing

@testable import Tenancy

@Suite struct KeyChecksTests {
    private let second: Int64 = 1_000_000_000
    private let publicID = PublicID("aaaaaaaaaa".utf8)

    private func check(_ digest: UInt64, id: PublicID? = nil) throws -> PendingCheck {
        PendingCheck(
            publicID: try #require(id ?? publicID), secret: [], phc: "", digest: KeyDigest(words: (digest, 0, 0, 0)),
            clientAddress: nil)
    }

    @Test func `the same key twice shares one run`() throws {
        var checks = KeyChecks()
        #expect(checks.submit(try check(1), at: 0) { _ in } == .start)
        #expect(checks.submit(try check(1), at: 0) { _ in } == .waits)
        let finish = checks.finish(try check(1).lane, .proven, at: 0)
        #expect(finish.answered.count == 2)
        #expect(finish.next == nil)
        #expect(checks.waiting == 0)
    }

    @Test func `other keys of that id wait and are refused once one is proven`() throws {
        var checks = KeyChecks()
        #expect(checks.submit(try check(1), at: 0) { _ in } == .start)
        #expect(checks.submit(try check(2), at: 0) { _ in } == .waits)
        #expect(checks.submit(try check(2), at: 0) { _ in } == .waits)
        let finish = checks.finish(try check(1).lane, .proven, at: 0)
        #expect(finish.answered.count == 1)
        #expect(finish.refused.count == 2)
        #expect(checks.waiting == 0)
    }

    @Test func `after a wrong key the next one runs`() throws {
        var checks = KeyChecks()
        #expect(checks.submit(try check(1), at: 0) { _ in } == .start)
        #expect(checks.submit(try check(2), at: 0) { _ in } == .waits)
        #expect(checks.submit(try check(3), at: 0) { _ in } == .waits)
        let finish = checks.finish(try check(1).lane, .wrong, at: 0)
        #expect(finish.answered.count == 1)
        #expect(finish.next?.digest.matches(try check(2).digest) == true)
        #expect(checks.waiting == 2)
    }

    @Test func `one id gets at most five runs a second`() throws {
        var checks = KeyChecks()
        for digest in 1...5 as ClosedRange<UInt64> {
            #expect(checks.submit(try check(digest), at: 0) { _ in } == .start)
            _ = checks.finish(try check(digest).lane, .wrong, at: 0)
        }
        #expect(checks.submit(try check(6), at: second - 1) { _ in } == .busy)
        let other = PublicID("bbbbbbbbbb".utf8)
        #expect(checks.submit(try check(6, id: other), at: second - 1) { _ in } == .start)
        #expect(checks.submit(try check(6), at: second) { _ in } == .start)
    }

    @Test func `those in line are turned away when the runs are used up`() throws {
        var checks = KeyChecks()
        for digest in 1...8 as ClosedRange<UInt64> { _ = checks.submit(try check(digest), at: 0) { _ in } }
        var turnedAway = 0
        for _ in 0..<5 { turnedAway += checks.finish(try check(1).lane, .wrong, at: 0).busy.count }
        #expect(turnedAway == 3)
        #expect(checks.waiting == 0)
    }

    @Test func `who waited more than five seconds is turned away`() throws {
        var checks = KeyChecks()
        _ = checks.submit(try check(1), at: 0) { _ in }
        _ = checks.submit(try check(2), at: 0) { _ in }
        _ = checks.submit(try check(3), at: second) { _ in }
        let finish = checks.finish(try check(1).lane, .wrong, at: 5 * second + 1)
        #expect(finish.busy.count == 1)
        #expect(finish.next?.digest.matches(try check(3).digest) == true)
    }

    @Test func `a run that was rejected turns the whole line away`() throws {
        var checks = KeyChecks()
        for digest in 1...3 as ClosedRange<UInt64> { _ = checks.submit(try check(digest), at: 0) { _ in } }
        let finish = checks.finish(try check(1).lane, .rejected, at: 0)
        #expect(finish.answered.count == 1)
        #expect(finish.busy.count == 2)
        #expect(finish.next == nil)
    }

    @Test func `in an address's lane everybody waits for everybody, and one proven key refuses only its own`() throws {
        var checks = KeyChecks()
        let lane = CheckLane.address("a")
        func other(_ digest: UInt64, _ id: String) throws -> PendingCheck {
            PendingCheck(
                publicID: try #require(PublicID(id.utf8)), secret: [], phc: "",
                digest: KeyDigest(words: (digest, 0, 0, 0)),
                clientAddress: nil, lane: lane)
        }
        #expect(checks.submit(try other(1, "aaaaaaaaaa"), at: 0) { _ in } == .start)
        #expect(checks.submit(try other(2, "aaaaaaaaaa"), at: 0) { _ in } == .waits)
        #expect(checks.submit(try other(3, "bbbbbbbbbb"), at: 0) { _ in } == .waits)
        #expect(checks.submit(try check(4), at: 0) { _ in } == .start)
        let finish = checks.finish(lane, .proven, at: 0)
        #expect(finish.answered.count == 1)
        #expect(finish.refused.count == 1)
        #expect(finish.next?.digest.matches(KeyDigest(words: (3, 0, 0, 0))) == true)
        #expect(checks.waiting == 2)
    }

    @Test func `at most 1024 of a key wait, and 64 different secrets for it`() throws {
        var checks = KeyChecks()
        for digest in 0...64 as ClosedRange<UInt64> { _ = checks.submit(try check(digest), at: 0) { _ in } }
        #expect(checks.submit(try check(65), at: 0) { _ in } == .busy)
        while checks.waiting < KeyChecks.waitLimit {
            #expect(checks.submit(try check(1), at: 0) { _ in } == .waits)
        }
        #expect(checks.submit(try check(1), at: 0) { _ in } == .busy)
    }

    @Test func `where one key's line is full of callers, sixteen of any other key still wait`() throws {
        var checks = KeyChecks()
        _ = checks.submit(try check(1), at: 0) { _ in }
        while checks.waiting < KeyChecks.waitLimit { _ = checks.submit(try check(1), at: 0) { _ in } }
        for digest in 2...3 as ClosedRange<UInt64> {
            let other = try #require(PublicID("bbbbbbbbb\(digest)".utf8))
            #expect(checks.submit(try check(digest, id: other), at: 0) { _ in } == .start)
            for waiter in 1...15 {
                #expect(checks.submit(try check(waiter < 8 ? digest : 9, id: other), at: 0) { _ in } == .waits)
            }
            #expect(checks.submit(try check(digest, id: other), at: 0) { _ in } == .busy)
        }
        #expect(checks.submit(try check(1), at: 0) { _ in } == .busy)
        let finish = checks.finish(try check(1).lane, .wrong, at: 0)
        #expect(finish.answered.count == KeyChecks.waitLimit)
        #expect(checks.waiting == 32)
    }
}
