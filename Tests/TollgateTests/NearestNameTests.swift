import Testing

@testable import Tollgate

@Suite struct NearestNameTests {
    @Test(arguments: [("", "", 0), ("a", "", 1), ("kitten", "sitting", 3), ("rqm", "rmq", 1), ("abc", "abc", 0)])
    func `edits are counted, a swap as one`(left: String, right: String, edits: Int) {
        #expect(NearestName.edits(left, right) == edits)
        #expect(NearestName.edits(right, left) == edits)
    }

    @Test func `the nearest name is offered, and none that is far away`() {
        let names = ["max_body", "body_memory", "drain"]
        #expect(NearestName.of("max_bodyy", among: names) == "max_body")
        #expect(NearestName.of("Drain", among: names) == "drain")
        #expect(NearestName.of("xyz", among: names) == nil)
        #expect(NearestName.of("a", among: []) == nil)
    }
}
