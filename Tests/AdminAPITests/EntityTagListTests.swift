import HTTPTypes
import Testing

@testable import AdminAPI

@Suite struct EntityTagListTests {
    @Test func `a comma that wears a combining mark parts two tags`() {
        let tag = EntityTag.of([0x31])
        var fields = HTTPFields()
        fields.append(HTTPField(name: .ifMatch, value: "\(tag),\u{301}A"))
        fields.append(HTTPField(name: .ifNoneMatch, value: "\(tag) ,\u{301}A"))
        #expect(EntityTag.wanted(fields) == [tag[...], "\u{301}A"])
        #expect(EntityTag.isKnown(tag, to: fields))
    }
}
