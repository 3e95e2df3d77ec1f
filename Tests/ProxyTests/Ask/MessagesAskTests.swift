import NIOCore
import Testing

@testable import Proxy

/// What `/v1/messages` and `/v1/messages/count_tokens` read, refuse and let pass.
@Suite struct MessagesAskTests {
    private static let hello = #""messages":[{"role":"user","content":"hi"}]"#

    private func parse(_ members: String, _ kind: AskKind = .messages) -> Result<Ask, AskError> {
        AskCase.parse(members.replacing("HELLO", with: Self.hello), kind)
    }

    @Test func readsARequest() throws {
        let ask = try parse(
            #"HELLO,"max_tokens":4096,"stream":true,"thinking":{"type":"enabled","budget_tokens":2048},"system":"s""#
        ).get()
        #expect(ask.maxTokens == 4096)
        #expect(ask.thinkingTokens == 2048)
        #expect(ask.stream)
        #expect(ask.serviceTier == nil)
        #expect(ask.addedTokens == 0)
        #expect(ask.parts == 0)
    }

    @Test(arguments: [
        #"HELLO,"system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral","ttl":"1h"}}]"#,
        #"HELLO,"thinking":{"type":"adaptive"},"service_tier":"auto","metadata":{"user_id":"u"},"mcp_servers":null"#,
        #"HELLO,"thinking":null,"service_tier":"standard_only","speed":"standard","inference_geo":"global""#,
        #"HELLO,"speed":null,"inference_geo":null,"container":null,"context_management":null,"fallbacks":null"#,
        #"HELLO,"context_management":{"edits":[{"type":"clear_tool_uses_20250919","keep":{"type":"tool_uses"}}]}"#,
        #"HELLO,"context_management":{"edits":[]},"stop_sequences":["a"],"top_k":5"#,
        #""messages":[{"content":[{"type":"tool_use","id":"t","name":"f","input":{"file_id":"x"}}]}]"#,
        #""messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"r"}]}]"#,
        #""messages":[{"role":"user","content":[{"type":"tool_result","content":[{"type":"text","text":"r"}]}]}]"#,
        #""messages":[{"content":[{"type":"thinking","thinking":"t"},{"type":"redacted_thinking","data":"d"}]}]"#,
        #""messages":[{"content":[{"type":"search_result","source":"u","content":[{"type":"text","text":"r"}]}]}]"#,
        #""messages":[{"content":[{"type":"document","source":{"type":"text","data":"d"}}]}]"#,
        #""messages":[{"content":[{"source":{"content":[{"type":"text"}],"type":"content"},"type":"document"}]}]"#,
    ])
    func accepts(_ members: String) throws {
        for kind in [AskKind.messages, .countTokens] {
            let ask = try parse(members, kind).get()
            #expect(ask.parts == 0)
            #expect(ask.addedTokens == 0)
        }
    }

    @Test(arguments: [
        (#""x":1"#, "missing_required_parameter", "messages"),
        (#""messages":[]"#, "invalid_value", "messages"),
        (#""messages":"hi""#, "wrong_type", "messages"),
        (#""messages":[{"content":5}]"#, "wrong_type", "messages[0].content"),
        (#""messages":[{"content":[5]}]"#, "wrong_type", "messages[0].content[0]"),
        (#""messages":[{"content":[{"type":5}]}]"#, "wrong_type", "messages[0].content[0].type"),
        (#"HELLO,"system":5"#, "wrong_type", "system"),
        (#"HELLO,"max_tokens":0"#, "invalid_value", "max_tokens"),
        (#"HELLO,"max_completion_tokens":10"#, "unsupported_parameter", "max_completion_tokens"),
        (#"HELLO,"max_output_tokens":10"#, "unsupported_parameter", "max_output_tokens"),
        (#"HELLO,"n":2"#, "unsupported_parameter", "n"),
        (#"HELLO,"thinking":{"type":"enabled","budget_tokens":"9"}"#, "wrong_type", "thinking.budget_tokens"),
        (#"HELLO,"thinking":{"type":"enabled","budget_tokens":0}"#, "invalid_value", "thinking.budget_tokens"),
        (#"HELLO,"thinking":{"budget_tokens":9,"budget_tokens":9}"#, "duplicate_key", "thinking.budget_tokens"),
        (#"HELLO,"mcp_servers":[{"url":"u"}]"#, "unsupported_parameter", "mcp_servers"),
        (#"HELLO,"container":{"skills":[]}"#, "unsupported_parameter", "container"),
        (#"HELLO,"container":"c""#, "unsupported_parameter", "container"),
        (#"HELLO,"fallbacks":[{"model":"x"}]"#, "unsupported_parameter", "fallbacks"),
        (#"HELLO,"fallback_credit_token":"t""#, "unsupported_parameter", "fallback_credit_token"),
        (#"HELLO,"diagnostics":{"previous_message_id":"m"}"#, "unsupported_parameter", "diagnostics"),
        (#"HELLO,"service_tier":"priority""#, "unsupported_parameter", "service_tier"),
        (#"HELLO,"service_tier":1"#, "wrong_type", "service_tier"),
        (#"HELLO,"speed":"fast""#, "unsupported_parameter", "speed"),
        (#"HELLO,"inference_geo":"us""#, "unsupported_parameter", "inference_geo"),
        (
            #"HELLO,"context_management":{"edits":[{"type":"clear_thinking_1"},{"type":"compact_20260112"}]}"#,
            "unsupported_parameter", "context_management.edits[1].type"
        ),
        (#"HELLO,"context_management":"x""#, "unsupported_parameter", "context_management"),
        (
            #""messages":[{"content":[{"type":"image","source":{"type":"file","file_id":"f"}}]}]"#,
            "unsupported_parameter", "messages[0].content[0].source.type"
        ),
        (
            #""messages":[{"content":[{"type":"image","source":{"file_id":"f","type":"file"}}]}]"#,
            "unsupported_parameter", "messages[0].content[0].source.file_id"
        ),
        (
            #""messages":[{"content":[{"type":"container_upload","file_id":"f"}]}]"#, "unsupported_parameter",
            "messages[0].content[0].file_id"
        ),
        (
            #""messages":[{"content":[{"type":"tool_result","content":[{"type":"image","source":{"type":"file"}}]}]}]"#,
            "unsupported_parameter", "messages[0].content[0].content[0].source.type"
        ),
        (
            #""messages":[{"content":[{"source":{"content":[{"source":{"type":"file"}}]}}]}]"#,
            "unsupported_parameter", "messages[0].content[0].source.content[0].source.type"
        ),
        (
            #""messages":[{"content":[{"type":"code_execution_result","content":{"content":[{"file_id":"f"}]}}]}]"#,
            "unsupported_parameter", "messages[0].content[0].content.content[0].file_id"
        ),
        (
            #"HELLO,"system":[{"type":"image","source":{"type":"file"}}]"#, "unsupported_parameter",
            "system[0].source.type"
        ),
    ])
    func refuses(_ members: String, _ code: String, _ param: String) {
        for kind in [AskKind.messages, .countTokens] {
            #expect(AskCase.fault(parse(members, kind)) == "\(code) \(param)")
        }
    }

    @Test(arguments: [
        "web_search_20250305", "web_fetch_20250910", "code_execution_20250825", "tool_search_tool_bm25_20251119",
        "mcp_toolset", "advisor_20260301", "function", "bash",
    ])
    func refusesToolsOfTheProvider(_ type: String) {
        let fault = AskCase.fault(parse(#"HELLO,"tools":[{"name":"own"},{"type":"\#(type)"}]"#))
        #expect(fault == "unsupported_parameter tools[1].type")
    }

    @Test func toolsAddTokensTheBodyDoesNotShow() throws {
        #expect(try parse(#"HELLO,"tools":[]"#).get().addedTokens == 0)
        let own = #"{"name":"a","input_schema":{}},{"type":"custom","name":"b"},{"type":null,"name":"c"}"#
        #expect(try parse(#"HELLO,"tools":[\#(own)]"#).get().addedTokens == AskReader.toolUseTokens)
        for name in ["bash_20250124", "text_editor_20250728", "computer_20251124", "memory_20250818"] {
            let ask = try parse(#"HELLO,"tools":[\#(own),{"type":"\#(name)","name":"x"}]"#).get()
            #expect(ask.addedTokens == AskReader.toolUseTokens + AskReader.namedToolTokens)
        }
        let formats = [
            #""output_config":{"format":{"type":"json_schema"}}"#, #""output_format":{"type":"json_schema"}"#,
        ]
        for format in formats {
            #expect(try parse("HELLO,\(format)").get().addedTokens == AskReader.formatTokens)
        }
        #expect(try parse(#"HELLO,"output_config":{"effort":"low"},"output_format":null"#).get().addedTokens == 0)
    }

    @Test func countsPartsWhereverTheyAre() throws {
        let ask = try parse(
            #"""
            "system":[{"type":"text","text":"s"}],"messages":[{"role":"user","content":[{"type":"text","text":"a"},
              {"type":"image","source":{"type":"base64","data":"d"}},
              {"type":"tool_result","content":[{"type":"image","source":{"type":"url","url":"u"}}]},
              {"type":"document","source":{"type":"base64","data":"d"}},
              {"type":"document","source":{"type":"content","content":[{"type":"image","source":{"type":"url"}}]}},
              {"type":"something_new"}]}]
            """#
        ).get()
        #expect(ask.parts == 5)
        #expect(ask.firstPart == "messages[0].content[1]")
    }
}
