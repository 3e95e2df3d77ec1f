import Testing

@testable import Billing

struct AccountTests {
    enum Step: Sendable {
        case hold(Int)
        case release(Int)
        case settle(Int, cost: Int)
        case cutOff(Int)
        case resolve(Int, charge: Int)
    }

    /// Steps from a cap of 100, then held, posted, uncertain, headroom and ceiling.
    static let table: [([Step], [Int])] = [
        ([], [0, 0, 0, 100, 100]),
        ([.hold(30)], [30, 0, 0, 70, 100]),
        ([.hold(30), .release(30)], [0, 0, 0, 100, 100]),
        ([.hold(30), .settle(30, cost: 10)], [0, 10, 0, 90, 90]),
        ([.hold(30), .settle(30, cost: 45)], [0, 45, 0, 55, 55]),
        ([.cutOff(40)], [0, 0, 40, 60, 60]),
        ([.cutOff(40), .resolve(40, charge: 15)], [0, 15, 0, 85, 85]),
        ([.cutOff(40), .resolve(40, charge: 0)], [0, 0, 0, 100, 100]),
        ([.hold(60), .hold(40), .settle(60, cost: 60)], [40, 60, 0, 0, 40]),
        ([.hold(100), .settle(100, cost: 130)], [0, 130, 0, -30, -30]),
    ]

    @Test(arguments: table)
    func figuresFollowTheSteps(steps: [Step], figures: [Int]) {
        var account = Account(cap: Money(pico: 100))
        for step in steps {
            switch step {
            case .hold(let amount): account.hold(Money(pico: Int128(amount)))
            case .release(let amount): account.release(Money(pico: Int128(amount)))
            case .settle(let amount, let cost):
                account.settle(holding: Money(pico: Int128(amount)), cost: Money(pico: Int128(cost)))
            case .cutOff(let amount): account.holdUncertain(Money(pico: Int128(amount)))
            case .resolve(let amount, let charge):
                account.resolve(holding: Money(pico: Int128(amount)), charge: Money(pico: Int128(charge)))
            }
        }
        let found = [account.held, account.posted, account.uncertain, account.headroom, account.ceiling]
        #expect(found.map { Int($0.pico) } == figures)
    }
}
