import Tenancy
import Testing

@Suite struct ListMembersTests {
    @Test func `what stands between commas is a member, without the blanks around it`() {
        #expect([" a,b ,\t\"c d\"\t", "e"].listMembers == ["a", "b", "\"c d\"", "e"])
    }

    @Test func `what is empty is no member`() {
        #expect(["", ",", " ,\t, ", "a,,b,"].listMembers == ["a", "b"])
        #expect([String]().listMembers.isEmpty)
    }

    @Test func `a comma or a blank with a combining mark behind it is one all the same`() {
        #expect(
            ["a,\u{301}b, \u{301}c \u{301}, d"].listMembers.map { Array($0.utf8) }
                == [
                    "a", "\u{301}b", "\u{301}c \u{301}", "d",
                ].map { Array($0.utf8) })
    }
}
