import Billing
import NIOCore
import Testing

@testable import Proxy

/// Whatever a provider reports, the meters add up to it; whatever cannot be is clamped and flagged.
struct UsagePropertyTests {
    private static let rounds = 5000

    @Test
    func `inclusive meters sum to the totals`() throws {
        var random = RandomBody(seed: 11)
        for _ in 0..<Self.rounds {
            let prompt = Int64(random.below(5000))
            let completion = Int64(random.below(5000))
            let cached = part(prompt, &random)
            let written = part(prompt - cached, &random)
            let audio = part(prompt, &random)
            let image = part(prompt - audio, &random)
            let isBeside = random.chance(30)
            let reasoning = isBeside ? Int64(random.below(3000)) : part(completion, &random)
            let spoken = part(isBeside ? completion : completion - reasoning, &random)
            let total = prompt + completion + (isBeside ? reasoning : 0)
            let usage = random.object(
                [
                    ("\"prompt_tokens\"", "\(prompt)"), ("\"completion_tokens\"", "\(completion)"),
                    ("\"total_tokens\"", "\(total)"),
                    (
                        "\"prompt_tokens_details\"",
                        "{\"cached_tokens\":\(cached),\"cache_write_tokens\":\(written),\"audio_tokens\":\(audio),"
                            + "\"image_tokens\":\(image)}"
                    ),
                    (
                        "\"completion_tokens_details\"",
                        "{\"reasoning_tokens\":\(reasoning),\"audio_tokens\":\(spoken),\"x\":\(random.value())}"
                    ),
                ].shuffled(using: &random))
            let reading = try #require(read("{\"usage\":\(usage)}", .openAI))
            #expect(!reading.anomaly, "\(usage)")
            #expect(reading.usage.inputTotal == prompt)
            #expect(reading.usage.outputTotal == total - prompt)
            #expect(reading.usage.inputCacheRead == cached)
            #expect(reading.usage.inputAudio <= audio && reading.usage.inputImage <= image)
        }
    }

    @Test
    func `exclusive meters sum to the totals, the flat count never beside its parts`() throws {
        var random = RandomBody(seed: 12)
        for _ in 0..<Self.rounds {
            let counts = (0..<5).map { _ in Int64(random.below(5000)) }
            let thinking = part(counts[4], &random)
            let writes = counts[2] + counts[3]
            let creation =
                "{\"ephemeral_5m_input_tokens\":\(counts[2]),\"ephemeral_1h_input_tokens\":\(counts[3])}"
            let usage = random.object(
                [
                    ("\"input_tokens\"", "\(counts[0])"), ("\"cache_read_input_tokens\"", "\(counts[1])"),
                    ("\"cache_creation_input_tokens\"", "\(writes)"), ("\"output_tokens\"", "\(counts[4])"),
                    ("\"cache_creation\"", random.chance(70) ? creation : "null"),
                    ("\"output_tokens_details\"", "{\"thinking_tokens\":\(thinking)}"),
                ].shuffled(using: &random))
            let reading = try #require(read("{\"type\":\"message\",\"usage\":\(usage)}", .anthropic))
            #expect(!reading.anomaly, "\(usage)")
            #expect(reading.usage.inputTotal == counts[0] + counts[1] + writes)
            #expect(reading.usage.outputTotal == counts[4])
        }
    }

    @Test(arguments: Dialect.allCases)
    func `no report traps, and no meter is negative`(_ dialect: Dialect) {
        var random = RandomBody(seed: 13)
        let names = [
            "prompt_tokens", "input_tokens", "completion_tokens", "output_tokens", "total_tokens", "cached_tokens",
            "cache_read_input_tokens", "cache_creation_input_tokens", "cost", "cost_in_usd_ticks", "seconds",
            "search_units", "service_tier",
        ]
        let inner = [
            "cached_tokens", "cache_write_tokens", "audio_tokens", "image_tokens", "reasoning_tokens",
            "thinking_tokens", "ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens", "web_search_requests",
            "upstream_inference_cost", "total_cost",
        ]
        let outer = [
            "prompt_tokens_details", "output_tokens_details", "cache_creation", "server_tool_use", "cost_details",
        ]
        let values = [
            "0", "7", "-1", "1.5", "9223372036854775807", "99999999999999999999", "1e999", "-0.0", "1e-400", "null",
            "\"12\"", "[]", "true", "{}", "123456789012345678901234567890123456789012345678901234567890",
        ]
        for _ in 0..<Self.rounds {
            var members = names.filter { _ in random.chance(40) }.map { ("\"\($0)\"", random.pick(values)) }
            for name in outer where random.chance(40) {
                let details = inner.filter { _ in random.chance(30) }.map { ("\"\($0)\"", random.pick(values)) }
                members.append(("\"\(name)\"", random.object(details.map { (key: $0.0, value: $0.1) })))
            }
            let usage = random.object(members.map { (key: $0.0, value: $0.1) })
            guard let reading = read("{\"usage\":\(usage)}", dialect) else { continue }
            for meter in Meter.allCases { #expect(reading.usage[meter] >= 0, "\(usage)") }
            #expect(reading.usage.total >= 0)
            #expect(reading.providerCost.map { $0 >= .zero && $0 <= .lineMaximum } ?? true)
        }
    }

    @Test(arguments: [
        (Dialect.openAI, #"{"prompt_tokens":-1,"completion_tokens":1}"#),
        (.openAI, #"{"prompt_tokens":5,"completion_tokens":1,"prompt_tokens_details":{"audio_tokens":6}}"#),
        (.openAI, #"{"prompt_tokens":5,"prompt_tokens_details":{"audio_tokens":3,"image_tokens":3}}"#),
        (.openAI, #"{"prompt_tokens":5,"completion_tokens":1,"completion_tokens_details":{"audio_tokens":2}}"#),
        (.openAI, #"{"prompt_tokens":5,"completion_tokens":1,"cost":-1}"#),
        (.anthropic, #"{"input_tokens":9223372036854775807,"output_tokens":9223372036854775807}"#),
        (.anthropic, #"{"input_tokens":1,"output_tokens":1,"output_tokens_details":{"thinking_tokens":2}}"#),
        (.anthropic, #"{"cache_creation_input_tokens":5,"cache_creation":{"ephemeral_5m_input_tokens":4}}"#),
        (.transcription, #"{"type":"duration","seconds":-2}"#), (.transcription, #"{"seconds":"soon"}"#),
        (.speech, #"{"input_tokens":1.5,"output_tokens":1}"#),
    ])
    func `what cannot be is flagged`(_ dialect: Dialect, _ usage: String) throws {
        #expect(try #require(read("{\"usage\":\(usage)}", dialect)).anomaly)
    }

    @Test
    func `a stream that was cut keeps its reported input`() {
        let begun = UsageReading(usage: TokenUsage(input: 50, inputCacheRead: 7, output: 1), anomaly: false)
        let cut = begun.completed(by: TokenUsage(input: 90, output: 30))
        #expect(cut == TokenUsage(input: 50, inputCacheRead: 7, output: 30))
        #expect(begun.completed(by: TokenUsage(input: 90)) == begun.usage)
    }

    private func part(_ whole: Int64, _ random: inout RandomBody) -> Int64 {
        Int64(random.below(Int(whole) + 1))
    }

    private func read(_ text: String, _ dialect: Dialect) -> UsageReading? {
        var scanner = UsageScanner(dialect)
        scanner.read(ByteBuffer(string: text))
        return scanner.latest
    }
}
