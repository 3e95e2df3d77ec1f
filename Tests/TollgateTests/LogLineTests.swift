import Testing

@testable import Tollgate

@Suite struct LogLineTests {
    private let line = LogLine(
        time: "2026-11-01T00:00:00Z", level: "info", logger: "tollgate", message: "listening",
        fields: ["address": .string("127.0.0.1:8080"), "reason": .string("two\nlines \"q\""), "level": .string("x")])

    @Test func `JSON lines keep the fixed members`() throws {
        let json = try #require(JSONValue(bytes: Array(line.text(as: .json).utf8)))
        #expect(json["time"] == .string("2026-11-01T00:00:00Z"))
        #expect(json["level"] == .string("info"))
        #expect(json["message"] == .string("listening"))
        #expect(json["address"] == .string("127.0.0.1:8080"))
        #expect(!line.text(as: .json).contains("\n"))
    }

    @Test func `text lines stay one line each`() {
        let text = #"2026-11-01T00:00:00Z info listening address=127.0.0.1:8080 level=x reason="two\nlines \"q\"""#
        #expect(line.text(as: .text) == text)
    }
}
