import Testing

@testable import Tollgate

struct HeapSlackTests {
    /// MiB that are too little.
    private static let allowed = HeapSlack.allowance >> 20

    @Test func `what changes a little is not asked for`() {
        var slack = HeapSlack()
        #expect(Self.looks([52, 54, 51, 60, 51 + Self.allowed], &slack) == [false, false, false, false, false])
    }

    @Test func `what is free is asked for once it is much more than at the best of times`() {
        var slack = HeapSlack()
        #expect(Self.looks([60, 52, 53 + Self.allowed], &slack) == [false, false, true])
    }

    @Test func `what could not be given back is not asked for again at once`() {
        var slack = HeapSlack()
        #expect(Self.looks([52, 170], &slack) == [false, true])
        slack.settle(160 << 20)
        #expect(Self.looks([160 + Self.allowed, 161 + Self.allowed], &slack) == [false, true])
    }

    @Test func `what could not be given back is asked for once a minute`() {
        var slack = HeapSlack()
        #expect(Self.looks([52, 170], &slack) == [false, true])
        slack.settle(160 << 20)
        let told = Self.looks(Array(repeating: 160, count: HeapSlack.patience), &slack)
        #expect(told == Array(repeating: false, count: HeapSlack.patience - 1) + [true])
    }

    @Test func `what was given back late is asked for when it comes again`() {
        var slack = HeapSlack()
        slack.settle(160 << 20)
        #expect(Self.looks([70, 71 + Self.allowed], &slack) == [false, true])
    }

    private static func looks(_ mebibytes: [Int64], _ slack: inout HeapSlack) -> [Bool] {
        var told: [Bool] = []
        for each in mebibytes { told.append(slack.look(each << 20)) }
        return told
    }
}
