import Testing

@testable import Proxy

@Suite struct PercentCodingTests {
    @Test(arguments: [("a%2Fb%c3%a9", "a/bé"), ("%2525", "%25"), ("", ""), ("+", "+")])
    func `escapes are resolved once`(text: String, resolved: String) {
        #expect(PercentCoding.exact(text) == resolved && PercentCoding.decoded(text[...]) == resolved)
    }

    // Foundation mends a lone byte from 80 to BF, and refuses the others.
    @Test(arguments: ["%a9", "a%80b", "%ff", "%c3", "%ed%a0%80"])
    func `what is no UTF-8 is mended, or refused where it has to be exact`(text: String) {
        #expect(PercentCoding.decoded(text[...]).unicodeScalars.contains("\u{FFFD}"))
        #expect(PercentCoding.exact(text) == nil)
    }

    @Test(arguments: ["%", "%4", "%zz", "%+1", "a%%20"])
    func `an escape that is none stays, or is refused where it has to be exact`(text: String) {
        #expect(PercentCoding.decoded(text[...]).hasPrefix(text.prefix { $0 != "%" } + "%"))
        #expect(PercentCoding.exact(text) == nil)
    }

    @Test(arguments: [("a b+c/d", "a%20b%2Bc/d"), ("100%é", "100%25%C3%A9"), ("-._~", "-._~"), ("", "")])
    func `what is made an escape reads as what it was`(text: String, encoded: String) {
        #expect(PercentCoding.encoded(text, keeping: "/") == encoded)
        #expect(PercentCoding.exact(encoded) == text)
    }
}
