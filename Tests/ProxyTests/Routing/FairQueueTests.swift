import Tenancy
import Testing

@testable import Proxy

/// Who is served next when all wait.
struct FairQueueTests {
    private typealias Queue = FairQueue<String, String>

    private func all(_ queue: inout Queue) -> [String] {
        var served: [String] = []
        while let next = queue.take(where: { _ in true }) { served.append(next) }
        return served
    }

    @Test
    func `owners take turns whatever the length of their queues`() {
        var queue = Queue()
        for number in 1...4 { _ = queue.append("a\(number)", owner: "a") }
        for number in 1...2 { _ = queue.append("b\(number)", owner: "b") }
        #expect(queue.count == 6)
        #expect(all(&queue) == ["a1", "b1", "a2", "b2", "a3", "a4"])
        #expect(queue.isEmpty)
    }

    @Test
    func `an element that does not fit is passed over and keeps its place`() {
        var queue = Queue()
        for element in ["a1", "a2"] { _ = queue.append(element, owner: "a") }
        _ = queue.append("b1", owner: "b")
        #expect(queue.take(where: { $0 != "a1" }) == "a2")
        #expect(queue.take(where: { $0.hasPrefix("b") }) == "b1")
        #expect(queue.take(where: { $0 == "c" }) == nil)
        #expect(all(&queue) == ["a1"])
    }

    @Test
    func `who leaves is not served, and can leave once`() {
        var queue = Queue()
        let tickets = (1...3).map { queue.append("a\($0)", owner: "a") }
        #expect(queue.remove(tickets[1]) == true)
        #expect(queue.remove(tickets[1]) == false)
        #expect(queue.count == 2)
        #expect(all(&queue) == ["a1", "a3"])
        #expect(queue.remove(tickets[0]) == false)
    }

    @Test
    func `one owner's flood delays another by one element`() {
        var queue = Queue()
        for number in 1...500 { _ = queue.append("flood \(number)", owner: "a") }
        _ = queue.append("single", owner: "b")
        #expect([queue.take(where: { _ in true }), queue.take(where: { _ in true })] == ["flood 1", "single"])
    }

    @Test
    func `it agrees with a plain model under random use`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix64(seed: seed)
        var queue = FairQueue<Int, Int>()
        var tickets: [Int: FairQueue<Int, Int>.Ticket] = [:]
        var waiting: [Int: [Int]] = [:]
        for number in 0..<5000 {
            let owner = Int.random(in: 0..<5, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0, 1:
                tickets[number] = queue.append(number, owner: owner)
                waiting[owner, default: []].append(number)
            case 2:
                guard let gone = waiting[owner]?.randomElement(using: &random), let ticket = tickets[gone] else {
                    continue
                }
                #expect(queue.remove(ticket) == true)
                waiting[owner]?.removeAll { $0 == gone }
            default:
                let parity = Int.random(in: 0...1, using: &random)
                let taken = queue.take { $0 % 2 == parity }
                let firsts = waiting.compactMapValues { list in list.first { $0 % 2 == parity } }
                #expect(taken == nil ? firsts.isEmpty : firsts.values.contains(taken ?? 0), "seed \(seed)")
                for owner in waiting.keys { waiting[owner]?.removeAll { $0 == taken } }
            }
            #expect(queue.count == waiting.values.reduce(0) { $0 + $1.count }, "seed \(seed)")
        }
        #expect(queue.elements.sorted() == waiting.values.flatMap { $0 }.sorted())
    }
}
