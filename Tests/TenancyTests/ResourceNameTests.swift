import Tenancy
import Testing

@Suite struct ResourceNameTests {
    @Test(arguments: [
        ("", "must not be empty"), (String(repeating: "a", count: 129), "is longer than 128 bytes"),
        (String(repeating: "é", count: 65), "is longer than 128 bytes"), ("a\u{0}b", "holds a control character"),
        ("=1", "must not begin with one of = + - @"), ("\u{FF20}x", "must not begin with one of = + - @"),
        ("a\u{2028}b", "holds a character that breaks lines or turns text around"),
        ("a\u{202E}b", "holds a character that breaks lines or turns text around"),
        ("\u{FEFF}a", "holds a character that breaks lines or turns text around"),
        (" a", "must not begin or end with white space"), ("a\u{A0}", "must not begin or end with white space"),
        ("cafe\u{301}", "must be in Unicode normalization form C"),
        ("a\u{200B}", "holds a character that cannot be seen"), ("a\u{A0}b", "holds a space that is no plain one"),
    ])
    func `what is wrong with a name is said`(text: String, fault: String) {
        #expect(ResourceName.fault(text) == fault)
    }

    @Test(arguments: ["a", "org/model:free", "R&D, Köln", "東京", "a=b", String(repeating: "a", count: 128)])
    func `a good name has no fault, and mending leaves it as it is`(text: String) {
        #expect(ResourceName.fault(text) == nil)
        #expect(ResourceName.mended(text, bytesAtMost: 128) == text)
    }

    @Test func `labels may be spaced and decomposed, texts may be formulas`() {
        #expect(ResourceName.fault(label: " cafe\u{301} ", bytesAtMost: 9) == nil)
        #expect(ResourceName.fault(label: "=a", bytesAtMost: 9) != nil)
        #expect(ResourceName.fault(text: "=a\u{202E}", bytesAtMost: 9) == nil)
        #expect(ResourceName.fault(text: "a\tb", bytesAtMost: 9) != nil)
    }

    @Test(arguments: [
        ("=+a\nb ", "a b"), ("\u{FF1D}x", "x"), ("\u{202E}evil", "evil"), ("a\u{2029}b", "a b"), ("\u{A0}a\u{A0}", "a"),
        ("cafe\u{301}", "caf\u{E9}"), ("+ - @x", "x"), ("re\u{200B}se\u{AD}arch", "research"), ("a\u{A0}b", "a b"),
        ("👩\u{200D}👧 x\u{200D}", "👩\u{200D}👧 x"), ("❤\u{FE0F} a\u{FE0F}", "❤\u{FE0F} a"),
    ])
    func `any text is mended to a good name`(text: String, name: String) {
        let mended = ResourceName.mended(text, bytesAtMost: 100)
        #expect(mended.map { Array($0.utf8) } == Array(name.utf8))
        #expect(mended.map(ResourceName.fault) == .some(nil))
    }

    @Test(arguments: ["", "--", " \u{202E} ", "\n"]) func `where nothing is left there is no name`(text: String) {
        #expect(ResourceName.mended(text, bytesAtMost: 100) == nil)
    }
}
