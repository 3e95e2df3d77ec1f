import NIOCore
import Testing

@testable import Proxy

/// What `/v1/responses` reads, refuses and lets pass.
@Suite struct ResponsesAskTests {
    @Test func readsARequest() throws {
        let ask = try AskCase.responses(
            #""input":"hi","stream":true,"max_output_tokens":50,"service_tier":"flex","prompt_cache_key":"k""#
        ).get()
        #expect(ask.kind == .responses)
        #expect(ask.stream)
        #expect(ask.choices == 1)
        #expect(ask.maxTokens == 50)
        #expect(ask.serviceTier == "flex")
        #expect(ask.promptCacheHash != nil)
        #expect(ask.parts == 0)
        #expect(ask.addedTokens == 0)
        #expect(ask.contentType == "application/json")
    }

    @Test(arguments: [
        #""input":"hi","reasoning":{"effort":"high","mode":"standard"},"text":{"format":{"type":"json_schema"}}"#,
        #""input":[],"background":false,"previous_response_id":null,"conversation":null,"tools":null,"prompt":null"#,
        #""input":"hi","include":["reasoning.encrypted_content"],"truncation":"auto","reasoning":null,"store":null"#,
        #""input":"hi","tools":[{"type":"function","name":"f"},{"type":"custom","name":"c"}]"#,
        #""input":"hi","tools":[{"type":"namespace","name":"n","tools":[{"type":"function","name":"f"}]}]"#,
        #""input":[{"role":"user","content":"hi"},{"role":"user","content":[{"type":"input_text","text":"x"}]}]"#,
        #""input":[{"type":"message","role":"assistant","content":[{"type":"output_text","text":"x"}],"id":"msg_1"}]"#,
        #""input":[{"type":"function_call","arguments":"{\"file_id\":1}","call_id":"c","name":"f"}]"#,
        #""input":[{"type":"function_call_output","call_id":"c","output":"o"}]"#,
        #""input":[{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"abc"}]"#,
        #""input":[{"type":"reasoning","id":"rs_1","summary":[],"content":[{"type":"reasoning_text","text":"t"}]}]"#,
        #""input":[{"type":"local_shell_call","action":{"type":"exec"}},{"type":"apply_patch_call","operation":{}}]"#,
        #""input":"hi","unknown":{"file_id":"f"},"max_output_tokens":null,"speed":"standard","inference_geo":null"#,
    ])
    func accepts(_ members: String) throws {
        let ask = try AskCase.responses(members).get()
        #expect(ask.parts == 0)
    }

    @Test(arguments: [
        (#""x":1"#, "missing_required_parameter", "input"),
        (#""input":null"#, "missing_required_parameter", "input"),
        (#""input":5"#, "wrong_type", "input"),
        (#""input":[5]"#, "wrong_type", "input[0]"),
        (#""input":"hi","input":"hi""#, "duplicate_key", "input"),
        (#""input":"hi","previous_response_id":"resp_1""#, "unsupported_parameter", "previous_response_id"),
        (#""input":"hi","conversation":"conv_1""#, "unsupported_parameter", "conversation"),
        (#""input":"hi","conversation":{"id":"conv_1"}"#, "unsupported_parameter", "conversation"),
        (#""input":"hi","prompt":{"id":"pmpt_1"}"#, "unsupported_parameter", "prompt"),
        (#""input":"hi","background":true"#, "unsupported_parameter", "background"),
        (#""input":"hi","background":"yes""#, "unsupported_parameter", "background"),
        (#""input":"hi","container":"c""#, "unsupported_parameter", "container"),
        (#""input":"hi","context_management":[{"type":"compaction"}]"#, "unsupported_parameter", "context_management"),
        (#""input":"hi","moderation":{"model":"x"}"#, "unsupported_parameter", "moderation"),
        (#""input":"hi","max_tokens":9"#, "unsupported_parameter", "max_tokens"),
        (#""input":"hi","max_completion_tokens":9"#, "unsupported_parameter", "max_completion_tokens"),
        (#""input":"hi","n":2"#, "unsupported_parameter", "n"),
        (#""input":"hi","n_predict":2"#, "unsupported_parameter", "n_predict"),
        (#""input":"hi","messages":[]"#, "unsupported_parameter", "messages"),
        (#""input":"hi","Input":"hi""#, "unsupported_parameter", "Input"),
        (#""input":"hi","max_output_tokens":0"#, "invalid_value", "max_output_tokens"),
        (#""input":"hi","max_output_tokens":"9""#, "wrong_type", "max_output_tokens"),
        (#""input":"hi","speed":"fast""#, "unsupported_parameter", "speed"),
        (#""input":"hi","reasoning":{"mode":"pro"}"#, "unsupported_parameter", "reasoning.mode"),
        (#""input":"hi","store":"yes""#, "wrong_type", "store"),
        (#""input":"hi","service_tier":4"#, "wrong_type", "service_tier"),
        (#""input":"hi","tools":[{"name":"f"}]"#, "missing_required_parameter", "tools[0].type"),
        (
            #""input":"hi","tools":[{"type":"namespace","tools":[{"type":"function"},{"type":"mcp"}]}]"#,
            "unsupported_parameter", "tools[0].tools[1].type"
        ),
        (#""input":[{"type":"item_reference","id":"msg_1"}]"#, "unsupported_parameter", "input[0].type"),
        (#""input":[{"id":"msg_1"}]"#, "missing_required_parameter", "input[0].type"),
        (#""input":[{"type":null,"id":"msg_1"}]"#, "missing_required_parameter", "input[0].type"),
        (#""input":[{"type":"additional_tools","tools":[{"type":"mcp"}]}]"#, "unsupported_parameter", "input[0].type"),
        (
            #""input":[{"role":"user"},{"type":"compaction","encrypted_content":"x"}]"#, "unsupported_parameter",
            "input[1].type"
        ),
        (
            #""input":[{"type":"reasoning","id":"rs_1","summary":[]}]"#, "unsupported_parameter",
            "input[0].encrypted_content"
        ),
        (
            #""input":[{"role":"user","content":[{"type":"input_text"},{"type":"input_file","file_id":"f"}]}]"#,
            "unsupported_parameter", "input[0].content[1].file_id"
        ),
        (
            #""input":[{"type":"computer_call_output","output":{"type":"computer_screenshot","file_id":"f"}}]"#,
            "unsupported_parameter", "input[0].output.file_id"
        ),
        (
            #""input":[{"type":"function_call_output","output":[{"type":"input_image","file_id":"f"}]}]"#,
            "unsupported_parameter", "input[0].output[0].file_id"
        ),
        (
            #""input":[{"role":"user","content":[{"type":"input_image","image":{"file_id":"f"}}]}]"#,
            "unsupported_parameter", "input[0].content[0].image.file_id"
        ),
        (#""input":[{"type":"message","file_id":"f","role":"user"}]"#, "unsupported_parameter", "input[0].file_id"),
        (
            #""input":[{"role":"user","content":[{"type":"a","type":"b"}]}]"#, "duplicate_key",
            "input[0].content[0].type"
        ),
    ])
    func refuses(_ members: String, _ code: String, _ param: String) {
        #expect(AskCase.fault(AskCase.responses(members)) == "\(code) \(param)")
    }

    @Test(arguments: [
        "web_search", "web_search_preview", "web_search_2025_08_26", "file_search", "code_interpreter",
        "image_generation", "mcp", "shell", "tool_search", "programmatic_tool_calling", "anything_new",
    ])
    func refusesToolsOfTheProvider(_ type: String) {
        let result = AskCase.responses(#""input":"hi","tools":[{"type":"\#(type)"}]"#)
        #expect(AskCase.fault(result) == "unsupported_parameter tools[0].type")
    }

    @Test(arguments: ["local_shell", "apply_patch", "computer", "computer_use_preview"])
    func toolsThatTheProviderDefinesAddTokens(_ type: String) throws {
        let ask = try AskCase.responses(#""input":"hi","tools":[{"type":"\#(type)"},{"type":"function"}]"#).get()
        #expect(ask.addedTokens == AskReader.namedToolTokens)
    }

    @Test func countsPartsWhereverTheyAre() throws {
        let ask = try AskCase.responses(
            #"""
            "input":[{"role":"user","content":[{"type":"input_text","text":"a"},
              {"type":"input_image","image_url":"u","detail":"high"},{"type":"input_file","file_data":"d"}]},
              {"type":"function_call_output","call_id":"c","output":[{"type":"input_image","image_url":"u"}]},
              {"type":"computer_call_output","output":{"type":"computer_screenshot","image_url":"u"}}]
            """#
        ).get()
        #expect(ask.parts == 4)
        #expect(ask.firstPart == "input[0].content[1]")
    }
}
