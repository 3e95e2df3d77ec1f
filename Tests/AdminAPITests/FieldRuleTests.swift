import Billing
import Proxy
import Testing

@testable import AdminAPI

@Suite struct FieldRuleTests {
    @Test(
        "names that would break a log or a spreadsheet are refused",
        arguments: [
            "", "=1+1", "+a", "-a", "@a", "\ta", "a\rb", "a\nb", "a\u{0}", "\u{7F}", String(repeating: "é", count: 65),
        ])
    func badName(text: String) {
        #expect(throws: FieldFault.self) { try FieldRule<String>.name.read(.string(text)) }
    }

    @Test("other names pass", arguments: ["a", "meta/llama-3", "Ünïcode name", String(repeating: "a", count: 128)])
    func goodName(text: String) throws {
        #expect(try FieldRule<String>.name.read(.string(text)) == text)
    }

    @Test(
        "whole numbers keep to their range and stay whole",
        arguments: [
            JSONValue.number("-1"), .number("11"), .number("1.0"), .number("1e1"), .number("99999999999999999999"),
            .string("1"), .null, .bool(true),
        ])
    func badInteger(value: JSONValue) {
        #expect(throws: FieldFault.self) { try FieldRule<Int64>.integer(0...10).read(value) }
    }

    @Test(
        "durations have a unit",
        arguments: [
            ("10s", 10_000), ("250ms", 250), ("5m", 300_000), ("1h", 3_600_000), ("1d", 86_400_000), ("0s", 0),
        ])
    func duration(text: String, milliseconds: Int64) throws {
        #expect(try FieldRule<Int64>.duration(0...100_000_000).read(.string(text)) == milliseconds)
    }

    @Test(
        "anything else is no duration",
        arguments: [
            "10", "s", "-1s", "1.5s", "1 s", "1w", "99999999999999999999s", "9223372036854775807d", "", "٣s",
        ])
    func badDuration(text: String) {
        #expect(throws: FieldFault.self) { try FieldRule<Int64>.duration(0...Int64.max).read(.string(text)) }
    }

    @Test(
        "amounts are decimal strings",
        arguments: [
            JSONValue.string("-1"), .string("1e3"), .string(" 1"), .string("1."), .string(".1"), .string(""),
            .string("0.0000000000001"), .string("1000000000001"), .number("1"), .null,
        ])
    func badMoney(value: JSONValue) {
        #expect(throws: FieldFault.self) { try FieldRule<Money>.money.read(value) }
    }

    @Test(
        "factors are exact millionths",
        arguments: [
            (JSONValue.string("1.2"), Int64(1_200_000)), (.number("0.000001"), 1), (.number("1"), 1_000_000),
            (.string("0"), 0),
        ])
    func factor(value: JSONValue, expected: Int64) throws {
        #expect(try FieldRule<Int64>.factor.read(value) == expected)
    }

    @Test("a choice names what may be chosen")
    func choice() throws {
        #expect(try FieldRule<BackendKind>.choice.read("anthropic") == .anthropic)
        #expect(throws: FieldFault("must be one of openai, anthropic")) {
            try FieldRule<BackendKind>.choice.read("bedrock")
        }
    }

    @Test("credentials fit into a header", arguments: ["a b", "a\nb", "é", ""])
    func badCredential(text: String) {
        #expect(throws: FieldFault.self) { try FieldRule<String>.credential.read(.string(text)) }
    }
}
