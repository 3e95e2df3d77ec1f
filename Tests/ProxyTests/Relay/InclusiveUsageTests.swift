import Billing
import NIOCore
import Testing

@testable import Proxy

@Suite struct InclusiveUsageTests {
    private static let names = [
        "PD:": "prompt_tokens_details", "CD:": "completion_tokens_details", "CR:": "cached_tokens",
        "CW:": "cache_write_tokens", "P:": "prompt_tokens", "C:": "completion_tokens", "T:": "total_tokens",
        "R:": "reasoning_tokens",
    ]

    /// Counts in the order input, cache read, cache write, output, reasoning.
    @Test(
        arguments: [
            ("P:10,C:5,T:15", [10, 0, 0, 5, 0], false), ("P:0,C:0,T:0", [0, 0, 0, 0, 0], false),
            ("P:7,T:7", [7, 0, 0, 0, 0], false), ("T:7", [7, 0, 0, 0, 0], false),
            ("P:100,PD:{CR:60,CW:30},C:50,CD:{R:20}", [10, 60, 30, 30, 20], false),
            ("P:10,PD:null,C:5,CD:{R:null}", [10, 0, 0, 5, 0], false),
            // Reasoning beside the completion, proven by the total, and inside it.
            ("P:10,C:5,T:35,CD:{R:20}", [10, 0, 0, 5, 20], false),
            ("P:10,C:30,T:40,CD:{R:20}", [10, 0, 0, 10, 20], false),
            // At odds with itself.
            ("P:10,C:5,CD:{R:20}", [10, 0, 0, 0, 5], true), ("P:10,PD:{CR:12},C:1", [0, 10, 0, 1, 0], true),
            ("P:10,PD:{CR:8,CW:8},C:1", [0, 8, 2, 1, 0], true), ("P:10,C:5,T:99", [10, 0, 0, 5, 0], true),
            ("P:-3,C:5", [0, 0, 0, 5, 0], true), ("P:3.2,C:5", [4, 0, 0, 5, 0], true),
            // A whole number may be spelled with a fraction or an exponent.
            ("P:3.0,C:1e1", [3, 0, 0, 10, 0], false), ("P:1e16,C:1", [10_000_000_000_000_000, 0, 0, 1, 0], true),
            ("P:99999999999999999999,C:1e999", [.max, 0, 0, .max, 0], true),
            ("P:9223372036854775807,C:9223372036854775807,T:5", [.max, 0, 0, .max, 0], true),
            ("P:\"3\",C:5", [0, 0, 0, 5, 0], true), ("C:5", [0, 0, 0, 5, 0], true),
            ("P:1,PD:[],C:1", [1, 0, 0, 1, 0], true),
        ] as [(String, [Int64], Bool)])
    func countsAreDisjoint(_ short: String, _ counts: [Int64], _ anomaly: Bool) throws {
        let keys = Self.names.keys.sorted { $0.count > $1.count }
        let usage = keys.reduce("{\(short)}") { $0.replacing($1, with: "\"\(Self.names[$1] ?? "")\":") }
        let answer = try #require(read("{\"choices\":[],\"usage\":\(usage)}"))
        guard case .reported(let report) = answer.usage, let reading = Dialect.openAI.reading(of: report) else {
            Issue.record("not reported")
            return
        }
        let found = [
            reading.usage.input, reading.usage.inputCacheRead, reading.usage.inputCacheWrite5m, reading.usage.output,
            reading.usage.outputReasoning,
        ]
        #expect(found == counts)
        #expect(reading.usage.inputCacheWrite1h == 0)
        #expect(reading.anomaly == anomaly)
    }

    @Test func absentNullAndZeroDiffer() {
        #expect(read("{}")?.usage == .absent)
        #expect(read(#"{"usage":null}"#)?.usage == .null)
        #expect(read(#"{"usage":{}}"#)?.usage == .null)
        #expect(read(#"{"usage":{"prompt_tokens":null}}"#)?.usage == .null)
        var zero = UsageReport()
        zero.input = 0
        #expect(read(#"{"usage":{"prompt_tokens":0}}"#)?.usage == .reported(zero))
        #expect(Dialect.openAI.reading(of: zero) == UsageReading(usage: .zero, anomaly: false))
    }

    @Test func onlyTheTopLevelCounts() {
        let answer = read(#"{"choices":[{"usage":{"total_tokens":1},"error":1,"finish_reason":null}],"x":{"error":2}}"#)
        #expect(answer?.usage == .absent)
        #expect(answer?.hasError == false)
        #expect(answer?.hasChoices == true)
        #expect(answer?.hasFinishReason == false)
        #expect(read(#"{"err\u006fr":{"message":"x"}}"#)?.hasError == true)
        #expect(read(#"{"error":null,"choices":[{},{"finish_reason":"stop"}]}"#)?.hasFinishReason == true)
    }

    @Test func whatIsNoObjectIsNoAnswer() {
        for text in ["", "[]", "5", "{\"usage\":{\"prompt_tokens\":1}", "{} x", "[DONE]"] { #expect(read(text) == nil) }
        #expect(read(#"{"choices":[{"delta":{"content":"\ud83d"}}]}"#) != nil)
    }

    @Test func theLatestReportReplacesEarlierOnes() {
        var scanner = UsageScanner(.openAI)
        for count in [1, 5, 9] {
            let usage = "{\"prompt_tokens\":4,\"completion_tokens\":\(count)}"
            scanner.read(ByteBuffer(string: "{\"choices\":[{}],\"usage\":\(usage)}"))
        }
        scanner.read(ByteBuffer(string: #"{"choices":[],"usage":null}"#))
        scanner.read(ByteBuffer(string: "{broken"))
        #expect(scanner.latest?.usage.output == 9)
        #expect(scanner.latest?.usage.input == 4)
    }

    @Test func noMutatedAnswerTraps() {
        let text = #"""
            {"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}],
            "usage":{"prompt_tokens":100,"total_tokens":1e3,"completion_tokens":50,
            "completion_tokens_details":{"reasoning_tokens":20}},"error":null}
            """#
        var random = RandomBody(seed: 9)
        for _ in 0..<20_000 {
            var bytes = Array(text.utf8)
            for _ in 0..<1 + random.below(3) {
                bytes[random.below(bytes.count)] = random.pick(Array("{}[]\",:\\0e-9.".utf8))
            }
            var scanner = UsageScanner(.openAI)
            scanner.read(ByteBuffer(bytes: bytes))
            if let usage = scanner.latest?.usage { #expect(usage.input >= 0 && usage.output >= 0) }
        }
    }

    private func read(_ text: String) -> AnswerReading? {
        Array(text.utf8).withUnsafeBytes { AnswerReading($0, .openAI) }
    }
}
