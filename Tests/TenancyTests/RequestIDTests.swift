import Tenancy
import Testing

@Suite struct RequestIDTests {
    @Test func `ids sort by time as values and as text`() {
        let ids = (0..<200).map { RequestID.make(at: Timestamp(microseconds: 1_795_435_200_000_000 + $0 * 1000)) }
        #expect(ids.sorted() == ids)
        #expect(ids.map(\.text).sorted() == ids.map(\.text))
    }

    @Test func `ids of one instant are unique`() {
        let ids = (0..<10_000).map { _ in RequestID.make(at: Timestamp(microseconds: 1_795_435_200_000_000)) }
        #expect(Set(ids).count == ids.count)
        #expect(Set(ids.map(\.text)).count == ids.count)
    }

    @Test func `the text is a prefix and 26 digits`() {
        let text = RequestID.make(at: Timestamp(microseconds: 0)).text
        #expect(text.hasPrefix("req_"))
        #expect(text.utf8.count == 30)
        let digits = text.dropFirst(4).allSatisfy { "0123456789abcdefghjkmnpqrstvwxyz".contains($0) }
        #expect(digits)
    }
}
