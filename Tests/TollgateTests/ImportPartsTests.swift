import Billing
import Foundation
import Testing

@testable import Tollgate

@Suite struct ImportPartsTests {
    @Test(arguments: [
        ("2.5e-06", "2.5"), ("0.00000015", "0.15"), ("1E-12", "0.000001"), ("3", "3000000"), ("0", "0"),
        ("0.0", "0"), ("7.5e-08", "0.075"), ("1.23456789e-08", "0.012346"), ("1e-13", "0.000001"),
    ])
    func `a price of a token becomes one of a million, never a binary fraction`(text: String, million: String) throws {
        #expect(ExactAmount.perMillion(try #require(ExactAmount.read(text))).text == million)
    }

    @Test func `only what was rounded says so, and never below the price`() throws {
        #expect(ExactAmount.perMillion(try #require(ExactAmount.read("1e-13"))).isRounded)
        #expect(!ExactAmount.perMillion(try #require(ExactAmount.read("1e-12"))).isRounded)
    }

    @Test(arguments: ["", "-1", "1e", "e5", "1e5e5", "e2e2", "2ee2", "1e99", "0x10", "1_000", "nan", ".5", "1."])
    func `what is no amount is refused`(text: String) {
        #expect(ExactAmount.read(text) == nil)
    }

    @Test(arguments: [
        ("1d", "day", true), ("24h", "day", true), ("7d", "week", true), ("1w", "week", true), ("30d", "month", true),
        ("1mo", "month", true), ("12h", "day", false), ("14d", "month", false), ("60d", "total", false),
        ("soon", "total", false), ("", "total", true), ("None", "total", true),
    ])
    func `a duration becomes the window that allows no more`(text: String, window: String, isExact: Bool) {
        #expect(LiteLLMWindow(text).window.rawValue == window)
        #expect(LiteLLMWindow(text).isExact == isExact)
    }

    @Test func `no duration never resets`() {
        #expect(LiteLLMWindow(nil).window == .total)
    }

    @Test(arguments: [
        ("input_cost_per_token", "input", "", 0), ("output_cost_per_token_batches", "output", "batch", 0),
        ("input_cost_per_token_above_128k_tokens", "input", "", 128_000),
        ("cache_read_input_token_cost_above_200k_tokens_priority", "input_cache_read", "priority", 200_000),
        ("cache_creation_input_token_cost_above_1hr", "input_cache_write_1h", "", 0),
        ("cache_creation_input_token_cost_above_1hr_above_200k_tokens", "input_cache_write_1h", "", 200_000),
    ])
    func `names of prices are taken apart`(name: String, meter: String, tier: String, above: Int64) {
        let version = LiteLLMPrices.Version(tier: tier, above: above)
        #expect(LiteLLMPrices.slot(of: name) == LiteLLMPrices.Slot(version: version, meter: meter, isUnit: false))
    }

    @Test func `other names are no prices`() {
        #expect(LiteLLMPrices.slot(of: "input_cost_per_pixel") == nil)
        #expect(LiteLLMPrices.slot(of: "input_cost_per_token_above_many_tokens") == nil)
        #expect(LiteLLMPrices.slot(of: "rpm") == nil)
    }

    @Test(arguments: [
        ("openai/gpt", nil, false, "openai gpt"), ("gpt", nil, false, "openai gpt"),
        ("claude-x", nil, false, "anthropic claude-x"), ("groq/llama/8b", nil, false, "groq llama/8b"),
        ("meta/llama", nil, true, "openai meta/llama"), ("meta/llama", nil, false, nil),
        ("azure/gpt", nil, true, nil), ("org/m", "openai", false, "openai org/m"), ("m", "bedrock", true, nil),
    ])
    func `a model's name says who serves it`(model: String, explicit: String?, hasBase: Bool, expected: String?) {
        let found = LiteLLMProvider.split(model, named: explicit, hasBase: hasBase)
        #expect(found.map { "\($0.provider.name) \($0.model)" } == expected)
    }

    @Test func `shares become small whole numbers`() throws {
        let read = { (texts: [String]) in texts.compactMap { ExactAmount.read($0) } }
        #expect(ImportShares.whole(read(["0.5", "0.25"])) == [2, 1])
        #expect(ImportShares.whole(read(["100", "50", "50"])) == [2, 1, 1])
        #expect(ImportShares.whole(read(["0.333", "0.667"])) == [333, 667])
        #expect(ImportShares.whole(read(["1000000000", "1"])) == [1_000_000, 1])
        #expect(ImportShares.whole(read(["0", "0"])) == [0, 0])
    }

    @Test func `names are made safe and their own`() {
        var taken: Set<String> = []
        #expect(ImportName.cleaned("=+a\nb ") == "a b")
        #expect(ImportName.cleaned("--") == "unnamed")
        #expect(ImportName.cleaned(String(repeating: "é", count: 80)).utf8.count == 100)
        #expect(["a", "a", "a"].map { ImportName.unique($0, among: &taken) } == ["a", "a-2", "a-3"])
        #expect(ImportName.variable("4o mini/é") == "_4O_MINI__")
        #expect(ShellText.word("it's; rm") == #"'it'\''s; rm'"#)
        #expect(ShellText.word("research") == "research")
        #expect(ShellText.word("") == "''")
    }

    @Test func `words that YAML would read as something else are quoted`() {
        #expect(YAMLText.scalar("gpt-4o") == "gpt-4o")
        for text in ["4o", "true", "No", "a: b", "a #b", "", "-x", "é", "a\"b", "~"] {
            #expect(YAMLText.scalar(text).hasPrefix("\""), Comment(rawValue: text))
        }
    }

    @Test func `a text in quotes is read as itself, whatever is in it`() throws {
        let scalars: [UInt32] = [0x07, 0x0A, 0x0D, 0x7F, 0x85, 0x9F, 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF, 0x1F600]
        for value in scalars {
            let scalar = try #require(Unicode.Scalar(value))
            let text = "a\(scalar)\\\"\(scalar)b"
            let document = try DocumentText.parse("name: \(YAMLText.scalar(text))")
            #expect(document["name"]?.text == text, "U+\(String(value, radix: 16))")
        }
    }
}
