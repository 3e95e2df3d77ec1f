import NIOCore
import Testing

@testable import Proxy

/// What `/v1/embeddings`, `/v1/moderations` and `/v1/rerank` read, refuse and let pass.
@Suite struct TextsAskTests {
    @Test(
        arguments: [
            (#""hello""#, 1, 0), (#"["a","b","c"]"#, 3, 0), ("[1,2,3]", 1, 0), ("[[1,2],[3]]", 2, 0),
            (#"[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"u"}}]"#, 2, 1),
            (#"[{"text":"a"},{"image":"u"},{"content":[{"type":"image_url"}]}]"#, 3, 2),
            (#"[{"type":"text","text":"a","image_url":"u"},{"image":null}]"#, 2, 1),
        ] as [(String, Int64, Int)])
    func everyInputCounts(_ input: String, _ inputs: Int64, _ parts: Int) throws {
        for kind in [AskKind.embeddings, .moderations] {
            let ask = try AskCase.parse(#""input":\#(input),"encoding_format":"base64","dimensions":5"#, kind).get()
            #expect(ask.inputs == inputs)
            #expect(ask.parts == parts)
            #expect(ask.choices == 1)
            #expect(ask.maxTokens == nil)
        }
    }

    @Test(arguments: [
        (#""x":1"#, "missing_required_parameter", "input"), (#""input":null"#, "missing_required_parameter", "input"),
        (#""input":[]"#, "invalid_value", "input"), (#""input":5"#, "wrong_type", "input"),
        (#""input":{}"#, "wrong_type", "input"), (#""input":["a",true]"#, "wrong_type", "input[1]"),
        (#""input":[{"type":"a","type":"b"}]"#, "duplicate_key", "input[0].type"),
        (#""input":[{"type":"image","file_id":"f"}]"#, "unsupported_parameter", "input[0].file_id"),
        (#""input":"a","messages":[]"#, "unsupported_parameter", "messages"),
        (#""input":"a","INPUT":"b""#, "unsupported_parameter", "INPUT"),
        (#""input":"a","models":["x"]"#, "unsupported_parameter", "models"),
    ])
    func refusesOtherInputs(_ members: String, _ code: String, _ param: String) {
        for kind in [AskKind.embeddings, .moderations] {
            #expect(AskCase.fault(AskCase.parse(members, kind)) == "\(code) \(param)")
        }
    }

    @Test func aRankingReadsItsQueryWithEveryDocument() throws {
        let ask = try AskCase.parse(
            #""query":"which one","documents":["a",{"text":"b","title":"t"},{"image":"u"}],"top_n":2"#, .rerank
        ).get()
        #expect(ask.inputs == 3)
        #expect(ask.repeatedBytes == 11)
        #expect(ask.parts == 1)
        let pictures = try AskCase.parse(#""documents":["a","b","c"],"query":{"image":"u"}"#, .rerank).get()
        #expect(pictures.parts == 3)
        #expect(pictures.firstPart == "query")
    }

    @Test(arguments: [
        (#""query":"q""#, "missing_required_parameter", "documents"),
        (#""query":"q","documents":[]"#, "invalid_value", "documents"),
        (#""query":"q","documents":"a""#, "wrong_type", "documents"),
        (#""query":"q","documents":["a",5]"#, "wrong_type", "documents[1]"),
        (#""query":5,"documents":["a"]"#, "wrong_type", "query"),
        (#""query":"q","query":"r","documents":["a"]"#, "duplicate_key", "query"),
        (#""query":"q","documents":[{"file_id":"f"}]"#, "unsupported_parameter", "documents[0].file_id"),
    ])
    func refusesOtherRankings(_ members: String, _ code: String, _ param: String) {
        #expect(AskCase.fault(AskCase.parse(members, .rerank)) == "\(code) \(param)")
    }
}
