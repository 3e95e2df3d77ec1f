import Billing
import NIOCore
import Testing

@testable import Proxy

/// JSON answers too long to be held.
struct AnswerSieveTests {
    private func reading(_ text: String, _ dialect: Dialect = .openAI, pieces: Int = 7) -> WholeReading {
        let bytes = Array(text.utf8)
        var sieve = AnswerSieve()
        for start in stride(from: 0, to: bytes.count, by: pieces) {
            bytes[start..<min(start + pieces, bytes.count)].withUnsafeBytes { sieve.feed($0) }
        }
        return sieve.reading(dialect)
    }

    @Test
    func `usage after megabytes of data is read`() {
        let row = "{\"embedding\":[" + String(repeating: "0.25,", count: 500) + "1],\"usage\":{\"prompt_tokens\":1}}"
        let data = Array(repeating: row, count: 2000).joined(separator: ",")
        let found = reading(
            "{\"data\":[\(data)],\"usage\":{\"prompt_tokens\":4000,\"total_tokens\":4000}}", pieces: 4096)
        #expect(found.fault == nil)
        #expect(found.scanner.latest?.usage.input == 4000)
    }

    @Test
    func `images are counted, not kept`() {
        let image = "{\"b64_json\":\"" + String(repeating: "A\\\\\\\"]", count: 5000) + "\",\"data\":[1,2]}"
        let found = reading("{\"data\" : [ \(image),\(image) ,\(image)] , \"size\":\"1x1\"}", .images, pieces: 1000)
        #expect(found.fault == nil)
        #expect(found.scanner.images == 3)
        #expect(found.scanner.tiers == ["1x1"])
        #expect(reading("{\"data\":[]}", .images).scanner.images == 0)
        #expect(reading("{\"data\":{\"a\":[1]}}", .images).scanner.images == 0)
    }

    @Test
    func `an escaped key is the same key`() {
        #expect(reading(#"{"us\u0061ge":{"total_tokens":3}}"#).scanner.latest?.usage.input == 3)
        #expect(reading(#"{"err\u006fr":{"message":"x"}}"#).fault == .errorObject)
        #expect(reading(#"{"error":null}"#).fault == nil)
    }

    @Test(arguments: [
        "", "{", "[]", "5", "\"a\"", "{}}", "{} x", "{]", "[}", "{\"a\":1,}", "{\"a\" 1}", "{a:1}", "{\"a\":[1,]}",
        "{\"a\":\"b}", "{\"usage\":{\"prompt_tokens\":1}", "{\"usage\":{\"prompt_tokens\":01}}", "{,}", "{\"a\":?}",
        "{\"usage\":{\"prompt_tokens\":1,\"x\"}}",
    ])
    func `what is no JSON object is malformed`(_ text: String) {
        #expect(reading(text, pieces: 1).fault == .malformed)
        #expect(reading(text, pieces: 1000).fault == .malformed)
    }

    @Test
    func `depth and kept bytes are bounded`() {
        let deep = "{\"a\":" + String(repeating: "[", count: 64) + String(repeating: "]", count: 64) + "}"
        #expect(reading(deep).fault == .malformed)
        let fits = "{\"a\":" + String(repeating: "[", count: 63) + String(repeating: "]", count: 63) + "}"
        #expect(reading(fits).fault == nil)
        let long = String(repeating: "x", count: 100_000)
        let found = reading(
            "{\"usage\":{\"note\":\"\(long)\",\"total_tokens\":1},\"service_tier\":\"flex\"}", pieces: 4096)
        #expect(found.fault == nil)
        #expect(found.scanner.latest == nil)
        #expect(found.scanner.tiers == ["flex"])
        let distrusted = reading(
            "{\"error\":\"\(long)\",\"usage\":{\"total_tokens\":1}}", pieces: 4096)
        #expect(distrusted.scanner.latest?.anomaly == true)
    }

    @Test(arguments: [
        (Dialect.anthropic, #"{"message":{"usage":{"input_tokens":8,"output_tokens":1}}}"#),
        (.responses, #"{"response":{"usage":{"input_tokens":8,"output_tokens":1,"total_tokens":9}}}"#),
    ])
    func `what only an event carries is nothing to a whole answer, long or short`(_ dialect: Dialect, _ text: String) {
        var scanner = UsageScanner(dialect)
        #expect(scanner.read(ByteBuffer(string: text))?.usage.isReported == true)
        #expect(WholeReading(ByteBuffer(string: text), dialect).scanner.latest == nil)
        #expect(reading(text, dialect).scanner.latest == nil)
    }

    @Test
    func `no mutated answer traps, and it is judged as the whole reader judges it`() {
        var random = RandomBody(seed: 21)
        for round in 0..<3000 {
            var bytes = Array(
                random.object(
                    [
                        ("\"usage\"", "{\"prompt_tokens\":\(random.below(100)),\"x\":\(random.value())}"),
                        ("\"other\"", random.value()), ("\"data\"", random.value()),
                    ].shuffled(using: &random)
                ).utf8)
            if round % 2 == 1 { bytes[random.below(bytes.count)] = random.pick(Array("{}[]\",:\\0e-9.".utf8)) }
            let text = String(decoding: bytes, as: UTF8.self)
            let whole = WholeReading(ByteBuffer(string: text), .openAI)
            let sieved = reading(text, pieces: 1 + random.below(9))
            // What passes is checked for its structure only, so the sieve may be the milder judge.
            if whole.fault == nil { #expect(sieved.fault == nil, "\(text)") }
            if whole.fault == nil { #expect(sieved.scanner.latest == whole.scanner.latest, "\(text)") }
        }
    }
}
