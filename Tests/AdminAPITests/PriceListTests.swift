import Billing
import Testing

@testable import AdminAPI

@Suite struct PriceListTests {
    private func read(_ format: PriceListFormat, _ text: String, on day: String = "2026-11-26") throws -> PriceList {
        try format.read(try JSONParser.parse(Array(text.utf8)), on: day).list
    }

    @Test("LiteLLM: meters, tiers, thresholds, and what is left out")
    func litellm() throws {
        let list = try read(
            .litellm,
            """
            {"sample_spec": {"input_cost_per_token": 1},
             "big": {"mode": "chat", "input_cost_per_token": 1.25e-06, "output_cost_per_token": 1e-05,
                     "cache_read_input_token_cost": 1.25e-07, "cache_creation_input_token_cost_above_1hr": 3e-6,
                     "input_cost_per_token_above_200k_tokens": 2.5e-06,
                     "cache_creation_input_token_cost_above_1hr_above_200k_tokens": 5e-6,
                     "input_cost_per_token_priority": 2.25e-06,
                     "input_cost_per_token_above_200k_tokens_priority": 4.5e-06,
                     "output_cost_per_token_batches": 5e-06, "output_cost_per_token_ultrafast": 9,
                     "search_context_cost_per_query": {"search_context_size_low": 0.035}},
             "embed": {"mode": "embedding", "input_cost_per_token": 1.0000000000000001e-07},
             "noise": {"input_cost_per_token": 1.5e-13, "output_cost_per_token": 1e-6},
             "half": {"input_cost_per_token": 1e-6},
             "image": {"mode": "image_generation", "output_cost_per_image": 0.04},
             "hears": {"mode": "audio_transcription", "input_cost_per_second": 0.0001, "output_cost_per_second": 0},
             "speaks": {"mode": "audio_speech", "input_cost_per_character": 1.5e-05},
             "nothing": {"mode": "chat", "max_tokens": 5}}
            """)
        let big = list.prices.filter { $0.model == "big" }
        #expect(big.map(\.tier) == [nil, nil, "batch", "priority", "priority"])
        #expect(big.map(\.aboveTokens) == [nil, 200_000, nil, nil, 200_000])
        #expect(big.map { $0.rates[.input] } == [1_250_000, 2_500_000, 1_250_000, 2_250_000, 4_500_000])
        #expect(big.map { $0.rates[.output] } == [10_000_000, 10_000_000, 5_000_000, 10_000_000, 10_000_000])
        #expect(big.map { $0.rates[.inputCacheWrite1h] } == [3_000_000, 5_000_000, 3_000_000, 3_000_000, 5_000_000])
        let embed = try #require(list.prices.first { $0.model == "embed" })
        #expect(embed.rates[.input] == 100_000 && embed.rates.own(.output) == 0 && embed.roundings.count == 1)
        let units = ["image", "hears", "speaks"].map { name in list.prices.first { $0.model == name }?.rates.perUnit }
        #expect(units == [["image": "0.04"], ["second": "0.0001"], ["character": "0.000015"]])
        #expect(list.omissions.map(\.model) == ["big", "big", "noise", "half", "nothing"])
        #expect(
            list.omissions.map(\.price) == [
                "output_cost_per_token_ultrafast", "search_context_cost_per_query", nil, nil, nil,
            ])
    }

    @Test("LiteLLM: a model with a thousand stages is left out, and of a thousand strange prices a hundred are named")
    func litellmMany() throws {
        let stages = (1...1000).map { stage in
            #"{"range":[\#(stage)000,\#(stage + 1)000],"input_cost_per_token":1e-6,"output_cost_per_token":1e-6}"#
        }.joined(separator: ",")
        let strange = (0..<1000).map { #""cost_x\#($0)":1"# }.joined(separator: ",")
        let list = try read(
            .litellm,
            """
            {"staged": {"tiered_pricing": [\(stages)]},
             "strange": {"input_cost_per_token": 1e-6, "output_cost_per_token": 1e-6, \(strange)}}
            """)
        #expect(list.prices.map(\.model) == ["strange"])
        #expect(list.omissions.count { $0.model == "strange" } == 100)
        #expect(list.omissions.count { $0.model == "staged" } == 1)
    }

    @Test("LiteLLM: no price is left out in silence")
    func litellmOmissions() throws {
        let list = try read(
            .litellm,
            """
            {"draws": {"input_cost_per_token": 1e-6, "output_cost_per_token": 1e-6, "output_cost_per_image_token": 3e-5,
                       "output_cost_per_image": 0.04, "input_cost_per_video_per_second": 0.0},
             "staged": {"tiered_pricing": [
                {"range": [0, 32000.0], "input_cost_per_token": 1e-6, "output_cost_per_token": 4e-6, "x_cost": 1},
                {"range": [32000.0, 1e6], "input_cost_per_token": 2e-6, "x_cost": 2}]},
             "found": {"tiered_pricing": [{"max_results_range": [0, 25], "input_cost_per_query": 5e-3}]},
             "far": {"input_cost_per_token": 1e-6, "output_cost_per_token": 1e-6,
                     "input_cost_per_token_above_9223372036854775807k_tokens": 2e-6,
                     "input_cost_per_token_above_1099511627776k_tokens": 2e-6},
             "fast": {"input_cost_per_token_priority": 1e-6, "output_cost_per_token_priority": 1e-6},
             "page": {"mode": "ocr", "ocr_cost_per_page": "0.001"}}
            """)
        #expect(list.prices.map(\.model) == ["draws", "staged", "staged", "far"])
        #expect(list.prices.map(\.aboveTokens) == [nil, nil, 32000, nil])
        #expect(list.prices.map { $0.rates[.input] } == [1_000_000, 1_000_000, 2_000_000, 1_000_000])
        #expect(list.prices[2].rates[.output] == 4_000_000)
        #expect(list.omissions.map(\.model) == ["draws", "draws", "staged", "found", "far", "far", "fast", "page"])
        #expect(
            list.omissions.map(\.price) == [
                "output_cost_per_image_token", "output_cost_per_image", "x_cost", nil,
                "input_cost_per_token_above_9223372036854775807k_tokens",
                "input_cost_per_token_above_1099511627776k_tokens", nil, nil,
            ])
    }

    @Test("OpenRouter: texts, what is free, and what is not fixed")
    func openrouter() throws {
        let list = try read(
            .openrouter,
            """
            {"data": [
              {"id": "openai/a", "pricing": {"prompt": "0.00000015", "completion": "0.0000006", "request": "0",
               "image": "0.01", "web_search": "0.01", "input_cache_read": "0.000000075", "internal_reasoning": "0"}},
              {"id": "free/b:free", "pricing": {"prompt": "0", "completion": "0"}},
              {"id": "openrouter/auto", "pricing": {"prompt": "-1", "completion": "-1"}}]}
            """)
        #expect(list.prices.map(\.model) == ["openai/a", "free/b:free"])
        #expect(list.prices[0].rates.perMillion == ["input": "0.15", "output": "0.6", "input_cache_read": "0.075"])
        #expect(list.prices[0].rates.perUnit == ["search": "0.01"])
        #expect(list.prices[1].rates.perMillion == ["input": "0", "output": "0"])
        #expect(list.omissions.map(\.model) == ["openai/a", "openrouter/auto"])
        #expect(list.omissions.map(\.price) == ["image", nil])
    }

    @Test("genai-prices: tiers, dates and units by the thousand")
    func genai() throws {
        let text = """
            [{"id": "p", "models": [
              {"id": "tiered", "prices": {"input_mtok": {"base": 1.25, "tiers": [{"start": 200000, "price": 2.5}]},
               "output_mtok": 10, "requests_kcount": 12, "output_images_kcount": 7, "nothing_mtok": 0}},
              {"id": "dated", "prices": [{"prices": {"input_mtok": 1, "output_mtok": 2}},
               {"constraint": {"start_date": "2026-11-01"}, "prices": {"input_mtok": 3, "output_mtok": 4}}]},
              {"id": "hourly", "prices": [{"prices": {"input_mtok": 1, "output_mtok": 2}},
               {"constraint": {"start_time": "00:30:00Z", "end_time": "16:30:00Z"}, "prices": {"input_mtok": 3}}]}]}]
            """
        let list = try read(.genaiPrices, text)
        #expect(list.prices.map(\.model) == ["p/tiered", "p/tiered", "p/dated"])
        #expect(list.prices.map(\.aboveTokens) == [nil, 200_000, nil])
        #expect(list.prices.map { $0.rates[.input] } == [1_250_000, 2_500_000, 3_000_000])
        #expect(list.prices[0].rates.perUnit == ["request": "0.012"])
        #expect(list.omissions.map(\.model) == ["p/tiered", "p/hourly"])
        #expect(list.omissions.map(\.price) == ["output_images_kcount", nil])
        #expect(try read(.genaiPrices, text, on: "2026-10-31").prices[2].rates[.input] == 1_000_000)
    }

    @Test("what is no list is refused", arguments: PriceListFormat.allCases)
    func refused(format: PriceListFormat) throws {
        for text in ["5", "[5]", #"{"data":5}"#, #"{"a":5}"#, #"[{"id":"x"}]"#, #"{"data":[{"id":"x"}]}"#] {
            if format == .litellm, text.hasPrefix(#"{"data":["#) { continue }
            #expect(throws: Problem.self) { _ = try self.read(format, text) }
        }
    }

    @Test(
        "stars stand for anything",
        arguments: [
            ("*", "a/b", true), ("a/*", "a/b", true), ("a/*", "b/a/", false), ("*b", "ab", true),
            ("a*c*e", "abcde", true),
            ("a*a", "a", false), ("ab", "ab", true), ("ab", "abc", false), ("", "", true), ("", "a", false),
        ])
    func patterns(pattern: String, name: String, isMatch: Bool) {
        #expect(NamePattern(pattern).matches(name) == isMatch)
    }
}
