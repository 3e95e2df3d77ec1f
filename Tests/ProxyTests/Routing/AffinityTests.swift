import Testing

@testable import Proxy

struct AffinityTests {
    private static let backends = (0..<10).map { Affinity.hash("be_\($0)") }

    @Test
    func `equal keys go to one backend and different keys spread over all`() {
        let chosen = (0..<2000).map { Affinity.preferred(Affinity.hash("key \($0)"), among: Self.backends) }
        #expect(chosen == (0..<2000).map { Affinity.preferred(Affinity.hash("key \($0)"), among: Self.backends) })
        for index in 0..<10 { #expect((120...280).contains(chosen.count { $0 == index })) }
    }

    @Test
    func `when a backend goes only its own keys move`() {
        let fewer = Array(Self.backends.dropLast())
        for number in 0..<500 {
            let key = Affinity.hash("key \(number)")
            guard let before = Affinity.preferred(key, among: Self.backends), before < 9 else { continue }
            #expect(Affinity.preferred(key, among: fewer) == before)
        }
    }

    @Test
    func `without backends none is preferred`() {
        #expect(Affinity.preferred(1, among: [UInt64]()) == nil)
    }
}
