import Testing

@testable import AdminAPI

@Suite struct JSONParserTests {
    @Test(
        "what is JSON is read and written back",
        arguments: [
            "null", "true", "[]", "{}", #"{"a":1,"b":[null,"x",-0.5e+3]}"#, #""\"\\\n\r\t\u0001""#,
            "12345678901234567890",
            #"["é","\#u{1F600}"]"#,
        ])
    func roundTrip(text: String) throws {
        #expect(try JSONParser.parse(Array(text.utf8)).text == text)
    }

    @Test(
        "escapes become characters",
        arguments: [
            (#""\u0041\/\b\f""#, "A/\u{8}\u{C}"), (#""\uD83D\uDE00""#, "\u{1F600}"), (#""\u00e9""#, "é"),
        ])
    func escapes(text: String, expected: String) throws {
        #expect(try JSONParser.parse(Array(text.utf8)) == .string(expected))
    }

    @Test("more marks on a letter than any script has are refused")
    func marks() throws {
        let few = String(repeating: "\u{301}\u{316}", count: 15)
        _ = try JSONParser.parse(Array("[\"a\(few)b\(few)\"]".utf8))
        #expect(throws: JSONSyntaxError.self) { try JSONParser.parse(Array("[\"a\(few)\u{301}\"]".utf8)) }
        #expect(throws: JSONSyntaxError.self) { try JSONParser.parse(Array("{\"a\(few)\u{301}\":1}".utf8)) }
    }

    @Test(
        "what is not JSON is refused",
        arguments: [
            "", " ", "{", "[1,]", "{\"a\":}", "{\"a\" 1}", "{a:1}", "01", "+1", "1.", ".5", "1e", "nul", "tru", "NaN",
            "\"a", "\"\u{1}\"", #""\x""#, #""\ud83d""#, #""\udE00""#, #""\u12""#, "1 2", "{\"a\":1}}", "'a'", "[1 2]",
            "-",
        ])
    func refused(text: String) {
        #expect(throws: JSONSyntaxError.self) { try JSONParser.parse(Array(text.utf8)) }
    }

    @Test("a repeated name is refused, also when it is spelled with escapes")
    func repeatedName() {
        #expect(throws: JSONSyntaxError(detail: "the name \"a\" is repeated", offset: 15)) {
            try JSONParser.parse(Array(#"{"a":1,"\u0061":2}"#.utf8))
        }
    }

    @Test("depth is bounded")
    func depth() throws {
        let nested = { (count: Int) in
            Array((String(repeating: "[", count: count) + String(repeating: "]", count: count)).utf8)
        }
        _ = try JSONParser.parse(nested(JSONParser.depthLimit + 1))
        #expect(throws: JSONSyntaxError.self) { try JSONParser.parse(nested(JSONParser.depthLimit + 2)) }
        #expect(throws: JSONSyntaxError.self) { try JSONParser.parse(nested(100_000)) }
    }

    @Test("bytes that are no UTF-8 are refused")
    func invalidUTF8() {
        #expect(throws: JSONSyntaxError.self) { try JSONParser.parse([0x22, 0xFF, 0x22]) }
    }

    @Test("random bytes never trap")
    func randomBytes() {
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array(#"{}[]",:\u0123456789abcdefnltrus -+.eE"#.utf8)
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...24, using: &generator)).map { _ in
                alphabet.randomElement(using: &generator) ?? 0
            }
            _ = try? JSONParser.parse(bytes)
        }
    }
}
