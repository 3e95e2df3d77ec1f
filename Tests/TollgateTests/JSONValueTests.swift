import Testing

@testable import Tollgate

@Suite struct JSONValueTests {
    private func value(_ text: String) -> JSONValue? { JSONValue(bytes: Array(text.utf8)) }

    @Test func `numbers stay exact and compare by value`() {
        #expect(value("0.1") == value("0.10"))
        #expect(value("1") == value("1.0"))
        #expect(value("9007199254740993") != value("9007199254740992"))
        #expect(value("[0.5,0.8,1]")?.plain == "0.5,0.8,1")
    }

    @Test func `booleans are no numbers`() {
        #expect(value("true") == .bool(true))
        #expect(value("1") != .bool(true))
    }

    @Test(arguments: ["", "{", "nul", "{\"a\":}", "[1,]x"])
    func `what is no JSON reads as nothing`(text: String) {
        #expect(value(text) == nil)
    }

    @Test func `it is written with sorted names`() {
        let object = value(#"{"b":[1,null],"a":{"c/d":"é\n"}}"#)
        #expect(object.map { String(decoding: $0.bytes, as: UTF8.self) } == #"{"a":{"c/d":"é\n"},"b":[1,null]}"#)
    }
}
