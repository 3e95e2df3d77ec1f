import NIOCore
import Testing

@testable import Proxy

@Suite struct AskTests {
    private static let hello = #""messages":[{"role":"user","content":"hello"}]"#

    @Test func readsAChatRequest() throws {
        let body = """
            { "model" : "alpha", "messages":[{"role":"user","content":"max_tokens"}], "max_tokens": 10, "n":3,
              "max_completion_tokens":20,"stream":true,"stream_options":{"include_usage":true}, "user":"x" }
            """
        let ask = try parse(body)
        #expect(ask.model == "alpha")
        #expect(ask.stream)
        #expect(ask.choices == 3)
        #expect(ask.maxTokens == 20)
        #expect(ask.includeUsage)
        #expect(ask.bodyBytes == body.utf8.count)
        #expect(ask.parts == 0)
    }

    @Test func absentAndNullMembersHaveDefaults() throws {
        let nulls = #""stream":null,"n":null,"max_tokens":null,"stream_options":null,"tools":null,"container":null"#
        for rest in ["", "," + nulls, #","background":false,"service_tier":null,"store":null"#] {
            let ask = try parse("{\"model\":\"m\",\(Self.hello)\(rest)}")
            #expect(!ask.stream)
            #expect(ask.choices == 1)
            #expect(ask.maxTokens == nil)
            #expect(!ask.includeUsage)
        }
    }

    @Test(
        arguments: [
            ("[1]", "wrong_type", nil), ("", "invalid_json", nil), ("{\"model\":\"m\"", "invalid_json", nil),
            (#"{"model":"m",HELLO} x"#, "invalid_json", nil), (#"{HELLO}"#, "missing_required_parameter", "model"),
            (#"{"model":"",HELLO}"#, "missing_required_parameter", "model"),
            (#"{"model":null,HELLO}"#, "missing_required_parameter", "model"),
            (#"{"model":"m"}"#, "missing_required_parameter", "messages"),
            (#"{"model":5,HELLO}"#, "wrong_type", "model"),
            (#"{"model":"m","model":"m",HELLO}"#, "duplicate_key", "model"),
            (#"{"model":"m","mod\u0065l":"m",HELLO}"#, "duplicate_key", "model"),
            (#"{"model":"m",HELLO,"x":1,"x":2}"#, "duplicate_key", "x"),
            (
                #"{"model":"m",HELLO,"a_name_of_many_letters":1,"a_name_of_many_letters":2}"#, "duplicate_key",
                "a_name_of_many_letters"
            ),
            (
                #"{"model":"m",HELLO,"stream_options":{"include_usage":true,"include_usage":false}}"#, "duplicate_key",
                "stream_options.include_usage"
            ),
            (#"{"model":"m","messages":[{"content":"a","content":[]}]}"#, "duplicate_key", "messages[0].content"),
            (
                #"{"model":"m","messages":[{"content":[{"type":"text","type":"file"}]}]}"#, "duplicate_key",
                "messages[0].content[0].type"
            ),
            (#"{"model":"m","messages":[]}"#, "invalid_value", "messages"),
            (#"{"model":"m","messages":"hi"}"#, "wrong_type", "messages"),
            (#"{"model":"m","messages":[1]}"#, "wrong_type", "messages[0]"),
            (#"{"model":"m","messages":[{"content":5}]}"#, "wrong_type", "messages[0].content"),
            (#"{"model":"m",HELLO,"stream":1}"#, "wrong_type", "stream"),
            (#"{"model":"m",HELLO,"stream":"true"}"#, "wrong_type", "stream"),
            (#"{"model":"m",HELLO,"stream_options":[]}"#, "wrong_type", "stream_options"),
            (
                #"{"model":"m",HELLO,"stream_options":{"include_usage":1}}"#, "wrong_type",
                "stream_options.include_usage"
            ),
            (#"{"model":"m",HELLO,"store":"no"}"#, "wrong_type", "store"),
            (#"{"model":"m",HELLO,"max_tokens":"5"}"#, "wrong_type", "max_tokens"),
            (#"{"model":"m",HELLO,"max_tokens":0}"#, "invalid_value", "max_tokens"),
            (#"{"model":"m",HELLO,"max_tokens":-1}"#, "invalid_value", "max_tokens"),
            (#"{"model":"m",HELLO,"max_tokens":5.0}"#, "invalid_value", "max_tokens"),
            (#"{"model":"m",HELLO,"max_tokens":1e2}"#, "invalid_value", "max_tokens"),
            (#"{"model":"m",HELLO,"max_tokens":2147483648}"#, "invalid_value", "max_tokens"),
            (
                #"{"model":"m",HELLO,"max_completion_tokens":99999999999999999999}"#, "invalid_value",
                "max_completion_tokens"
            ),
            (#"{"model":"m",HELLO,"n":0}"#, "invalid_value", "n"),
            (#"{"model":"m",HELLO,"n":129}"#, "invalid_value", "n"),
            (#"{"model":"m",HELLO,"best_of":[]}"#, "wrong_type", "best_of"),
            (#"{"model":"m",HELLO,"previous_response_id":"r"}"#, "unsupported_parameter", "previous_response_id"),
            (#"{"model":"m",HELLO,"conversation":{}}"#, "unsupported_parameter", "conversation"),
            (#"{"model":"m",HELLO,"background":true}"#, "unsupported_parameter", "background"),
            (#"{"model":"m",HELLO,"web_search_options":{}}"#, "unsupported_parameter", "web_search_options"),
            (#"{"model":"m",HELLO,"mcp_servers":[]}"#, "unsupported_parameter", "mcp_servers"),
            (#"{"model":"m",HELLO,"container":"c"}"#, "unsupported_parameter", "container"),
            (#"{"model":"m",HELLO,"plugins":[]}"#, "unsupported_parameter", "plugins"),
            (#"{"model":"m",HELLO,"models":["x"]}"#, "unsupported_parameter", "models"),
            (#"{"model":"m",HELLO,"search_parameters":{}}"#, "unsupported_parameter", "search_parameters"),
            (#"{"model":"m",HELLO,"speed":"fast"}"#, "unsupported_parameter", "speed"),
            (#"{"model":"m",HELLO,"chat_template":"{{x}}"}"#, "unsupported_parameter", "chat_template"),
            (#"{"model":"m",HELLO,"moderation":{"model":"x"}}"#, "unsupported_parameter", "moderation"),
            (#"{"model":"m",HELLO,"kv_transfer_params":{}}"#, "unsupported_parameter", "kv_transfer_params"),
            (
                #"{"model":"m",HELLO,"audio":{"format":"mp3","voice":{"id":"v"}}}"#, "unsupported_parameter",
                "audio.voice"
            ),
            (#"{"model":"m",HELLO,"prediction":{"type":"content"}}"#, "unsupported_parameter", "prediction"),
            (#"{"model":"m",HELLO,"n_predict":4000}"#, "unsupported_parameter", "n_predict"),
            (#"{"model":"m",HELLO,"n_cmpl":9}"#, "unsupported_parameter", "n_cmpl"),
            (#"{"model":"m",HELLO,"num_predict":9}"#, "unsupported_parameter", "num_predict"),
            (#"{"model":"m",HELLO,"max_new_tokens":9}"#, "unsupported_parameter", "max_new_tokens"),
            (#"{"model":"m",HELLO,"max_output_tokens":9}"#, "unsupported_parameter", "max_output_tokens"),
            (#"{"model":"m",HELLO,"max_length":9}"#, "unsupported_parameter", "max_length"),
            (#"{"model":"m",HELLO,"MAX_TOKENS":99999}"#, "unsupported_parameter", "MAX_TOKENS"),
            (#"{"model":"m",HELLO,"N":128}"#, "unsupported_parameter", "N"),
            // Letters of another case to Go, or to Java.
            (#"{"model":"m",HELLO,"max_token\u017f":9}"#, "unsupported_parameter", "max_token\u{17f}"),
            (##"{"model":"m",HELLO,"be\##u{17f}t_of":9}"##, "unsupported_parameter", "be\u{17f}t_of"),
            (##"{"model":"m",HELLO,"max_to\##u{212a}ens":9}"##, "unsupported_parameter", "max_to\u{212a}ens"),
            (##"{"model":"m",HELLO,"n_pred\##u{131}ct":9}"##, "unsupported_parameter", "n_pred\u{131}ct"),
            (##"{"model":"m",HELLO,"n_pred\##u{130}ct":9}"##, "unsupported_parameter", "n_pred\u{130}ct"),
            (
                #"{"model":"m","messages":[{"Content":[{"type":"image_url"}]}]}"#, "unsupported_parameter",
                "messages[0].Content"
            ),
            (
                #"{"model":"m",HELLO,"stream_options":{"Include_Usage":false}}"#, "unsupported_parameter",
                "stream_options.Include_Usage"
            ),
            (
                #"{"model":"m",HELLO,"tools":[{"type":"function","TYPE":"web_search"}]}"#, "unsupported_parameter",
                "tools[0].TYPE"
            ),
            (
                #"{"model":"m",HELLO,"chat_template_kwargs":{"a":true,"chat_template":"{% for %}"}}"#,
                "unsupported_parameter", "chat_template_kwargs.chat_template"
            ),
            (#"{"model":"m",HELLO,"\u004dodel":"x"}"#, "unsupported_parameter", "Model"),
            (#"{"model":"m",HELLO,"service_tier":1}"#, "wrong_type", "service_tier"),
            (
                #"{"model":"m",HELLO,"tools":[{"type":"function"},{"type":"web_search"}]}"#, "unsupported_parameter",
                "tools[1].type"
            ),
            (#"{"model":"m",HELLO,"tools":[{"google_search":{}}]}"#, "missing_required_parameter", "tools[0].type"),
            (#"{"model":"m",HELLO,"tools":{}}"#, "wrong_type", "tools"),
            (
                #"{"model":"m","messages":[{"content":[{"type":"file","file":{"file_id":"f"}}]}]}"#,
                "unsupported_parameter",
                "messages[0].content[0].file.file_id"
            ),
            (
                #"{"model":"m","messages":[{"content":[{"type":"input_file","file\u005fid":"f"}]}]}"#,
                "unsupported_parameter", "messages[0].content[0].file_id"
            ),
            (
                #"{"model":"m","messages":[{"role":"assistant","audio":{"id":"a"}}]}"#, "unsupported_parameter",
                "messages[0].audio"
            ),
        ] as [(String, String, String?)])
    func refusesAndNamesTheMember(_ body: String, _ code: String, _ param: String?) {
        let error = refusal(body.replacing("HELLO", with: Self.hello))
        #expect(error?.code == code)
        #expect(error?.param == param)
    }

    @Test func badJSONIsRefusedWithItsOffset() {
        let error = refusal(#"{"model":"m",}"#)
        #expect(error?.message == "The body is not valid JSON: unexpected byte at byte 13.")
    }

    @Test func tiersThatCostTheSameAndClientToolsPass() throws {
        let tools = #","tools":[{"type":"function","function":{"name":"f"}},{"type":"custom"}]"#
        for tier in ["auto", "default"] {
            _ = try parse("{\"model\":\"m\",\(Self.hello),\"service_tier\":\"\(tier)\"\(tools)}")
        }
    }

    @Test func countsPartsThatAreNotText() throws {
        let ask = try parse(
            #"""
            {"model":"m","messages":[
              {"content":[{"type":"text","text":"a"},{"image_url":{"url":"u"},"type":"image_url"}]},
              {"content":[{"type":"refusal","refusal":"r"},{"type":"input_audio","input_audio":{}},{"file":{}},"x"]}
            ]}
            """#)
        #expect(ask.parts == 3)
        #expect(ask.firstPart == "messages[0].content[1]")
    }

    @Test(
        arguments: [
            (#""hello""#, 2), (#"["a","b","c"]"#, 6), ("[1,2,3]", 2), ("[[1,2],[3]]", 4), (#"[ "a" ]"#, 2),
        ] as [(String, Int64)])
    func promptsMultiplyTheChoices(_ prompt: String, _ choices: Int64) throws {
        #expect(try parse("{\"model\":\"m\",\"prompt\":\(prompt),\"n\":2}", kind: .completions).choices == choices)
    }

    @Test(arguments: [
        ("[]", "invalid_value"), ("[1,\"a\"]", "wrong_type"), ("5", "wrong_type"), ("[{}]", "wrong_type"),
        ("null", "missing_required_parameter"), ("{\"id\":\"p\"}", "wrong_type"),
    ])
    func refusesOtherPrompts(_ prompt: String, _ code: String) {
        let error = refusal("{\"model\":\"m\",\"prompt\":\(prompt)}", kind: .completions)
        #expect(error?.code == code)
        #expect(error?.param == "prompt")
    }

    @Test func bestOfCountsWhenItIsLarger() throws {
        #expect(try parse(#"{"model":"m","prompt":"a","n":2,"best_of":5}"#, kind: .completions).choices == 5)
        #expect(try parse(#"{"model":"m","prompt":"a","n":4,"best_of":1}"#, kind: .completions).choices == 4)
    }

    @Test func manyKeysAreComparedInLinearTime() {
        let members = (0..<50_000).map { "\"k\($0)\":0" }.joined(separator: ",")
        #expect(refusal("{\"model\":\"m\",\(Self.hello),\(members)}") == nil)
        #expect(refusal("{\"model\":\"m\",\(Self.hello),\(members),\"k31\":1}")?.param == "k31")
        #expect(refusal("{\"model\":\"m\",\(Self.hello),\(members),\"k49999\":1}")?.param == "k49999")
    }

    @Test func noMutatedBodyTraps() {
        var random = RandomBody(seed: 2026)
        var refused = 0
        for round in 0..<20_000 {
            var bytes = Array(random.chat().utf8)
            for _ in 0..<1 + random.below(4) {
                let position = random.below(bytes.count)
                switch random.below(4) {
                case 0: bytes[position] = UInt8(random.below(256))
                case 1: bytes.remove(at: position)
                case 2: bytes.insert(random.pick(Array("{}[]\",:\\0e-".utf8)), at: position)
                default: bytes.removeLast(random.below(8) == 0 ? bytes.count / 2 : 1)
                }
                if bytes.isEmpty { bytes = [0x7B] }
            }
            let body = ByteBuffer(bytes: bytes)
            switch Ask.parse(body, kind: round % 5 == 0 ? .completions : .chatCompletions) {
            case .failure: refused += 1
            case .success(let ask):
                let edited = ask.upstreamBody(
                    model: "other", maxTokens: 9, parameter: "max_tokens", forceUsage: true, from: body,
                    into: ByteBufferAllocator())
                let again = try? Ask.parse(edited, kind: round % 5 == 0 ? .completions : .chatCompletions).get()
                #expect(again?.model == "other")
            }
        }
        #expect(refused > 10_000)
    }

    private func parse(_ body: String, kind: AskKind = .chatCompletions) throws -> Ask {
        try Ask.parse(ByteBuffer(string: body), kind: kind).get()
    }

    private func refusal(_ body: String, kind: AskKind = .chatCompletions) -> AskError? {
        guard case .failure(let error) = Ask.parse(ByteBuffer(string: body), kind: kind) else { return nil }
        return error
    }
}
