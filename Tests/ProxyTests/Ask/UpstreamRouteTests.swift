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
                .completions, #"{"prompt":"","model":"a","stream":true}"#,
                #"{"max_completion_tokens":7,"stream_options":{"include_usage":true},"#
                    + #""prompt":"","model":"b","stream":true}"#
            ),
        ] as [(AskKind, String, String)])
    func splicesOnlyWhatTheRouteHas(_ kind: AskKind, _ body: String, _ expected: String) throws {
        #expect(try AskCase.upstream(body, kind) == expected)
    }

    @Test(arguments: RandomCall.kinds)
    func noMutatedBodyTraps(_ kind: AskKind) throws {
        var random = RandomBody(seed: 4711)
        var read = 0
        for _ in 0..<2000 {
            let call = RandomCall(kind, &random)
            var bytes = Array(#"{"model":"m",\#(call.members)}"#.utf8)
            for _ in 0..<random.below(4) {
                let position = random.below(bytes.count)
                switch random.below(3) {
                case 0: bytes[position] = UInt8(random.below(256))
                case 1: bytes.remove(at: position)
                default: bytes.insert(random.pick(Array("{}[]\",:\\0e-".utf8)), at: position)
                }
            }
            let body = ByteBuffer(bytes: bytes)
            guard case .success(let ask) = Ask.parse(body, kind: kind) else { continue }
            read += 1
            let edited = ask.upstreamBody(
                model: "other", maxTokens: 9, parameter: "max_tokens", forceUsage: true, from: body,
                into: ByteBufferAllocator())
            let again = try Ask.parse(edited, kind: kind).get()
            #expect(again.model == "other")
            #expect(again.maxTokens == (kind.hasMaxTokens ? 9 : ask.maxTokens))
            #expect(again.parts == ask.parts)
            #expect(again.edits.store == nil)
        }
        #expect(read > 400)
    }

    @Test func whatIsNeverAllowedIsRefusedOnEveryRoute() {
        let bodies: [AskKind: String] = [
            .chatCompletions: #""messages":[{}]"#, .completions: #""prompt":"p""#, .embeddings: #""input":"a""#,
            .responses: #""input":"a""#, .moderations: #""input":"a""#, .rerank: #""documents":["a"]"#,
            .messages: #""messages":[{}]"#, .countTokens: #""messages":[{}]"#, .images: #""prompt":"p""#,
            .speech: #""input":"a""#,
        ]
        let never = AskMember.allCases.filter(\.isNeverAllowed)
        #expect(never.count == 35)
        for (kind, members) in bodies {
            for member in never {
                for value in ["{}", "[]", "\"x\"", "1", "true"] {
                    let result = AskCase.parse(#"\#(members),"\#(member.rawValue)":\#(value)"#, kind)
                    #expect(AskCase.fault(result) == "unsupported_parameter \(member.rawValue)", "\(kind)")
                }
                let off = #","\#(member.rawValue)":\#(member == .deferred ? "false" : "null")"#
                #expect(AskCase.fault(AskCase.parse(members + off, kind)) == nil, "\(kind) \(member)")
            }
        }
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
