import NIOCore
import Testing

@testable import Proxy

/// What is spliced into the bodies of each route, and that nothing else changes.
@Suite struct UpstreamRouteTests {
    @Test(
        arguments: [
            (
                .responses, #"{"model":"a", "input":"hi"}"#,
                #"{"store":false,"max_output_tokens":7,"model":"b", "input":"hi"}"#
            ),
            (
                .responses, #"{"model":"a","store":true,"max_output_tokens":9,"input":"hi","stream":true}"#,
                #"{"model":"b","store":false,"max_output_tokens":7,"input":"hi","stream":true}"#
            ),
            (
                .responses, #"{"store":null,"model":"a","max_output_tokens":null,"input":"hi"}"#,
                #"{"store":false,"model":"b","max_output_tokens":7,"input":"hi"}"#
            ),
            (
                .responses, #"{"store":false,"model":"b","max_output_tokens":7,"input":"hi"}"#,
                #"{"store":false,"model":"b","max_output_tokens":7,"input":"hi"}"#
            ),
            (.messages, #"{"model":"a","messages":[{}]}"#, #"{"max_tokens":7,"model":"b","messages":[{}]}"#),
            (
                .messages, #"{"model":"a","stream":true,"max_tokens": 90 ,"messages":[{}]}"#,
                #"{"model":"b","stream":true,"max_tokens": 7 ,"messages":[{}]}"#
            ),
            (.countTokens, #"{"model":"a","messages":[{}]}"#, #"{"model":"b","messages":[{}]}"#),
            (.embeddings, #"{"model":"a","input":"x"}"#, #"{"model":"b","input":"x"}"#),
            (.moderations, #"{"model":"a","input":"x","store":true}"#, #"{"model":"b","input":"x","store":true}"#),
            (
                .rerank, #"{"model":"a","documents":["x"],"query":"y"}"#,
                #"{"model":"b","documents":["x"],"query":"y"}"#
            ),
            (.images, #"{"prompt":"p","model":"a","stream":true}"#, #"{"prompt":"p","model":"b","stream":true}"#),
            (.speech, #"{"input":"p", "model": "a" }"#, #"{"input":"p", "model": "b" }"#),
            (
                .completions, #"{"prompt":"p","model":"a","stream":true}"#,
                #"{"max_completion_tokens":7,"stream_options":{"include_usage":true},"prompt":"p","model":"b","stream":true}"#
            ),
        ] as [(AskKind, String, String)])
    func splicesOnlyWhatTheRouteHas(_ kind: AskKind, _ body: String, _ expected: String) throws {
        #expect(try AskCase.upstream(body, kind) == expected)
    }

    @Test func everyMemberIsFoundByItsName() throws {
        for member in AskMember.allCases {
            let text = "\"\(member.rawValue)\""
            let found = Array(text.utf8).withUnsafeBytes {
                AskMember(JSONSpan(kind: .string, start: 0, end: $0.count), in: $0)
            }
            #expect(found == member)
        }
    }
}
