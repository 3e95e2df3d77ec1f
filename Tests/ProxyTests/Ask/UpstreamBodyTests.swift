import Foundation
import NIOCore
import Testing

@testable import Proxy

@Suite struct UpstreamBodyTests {
    private static let tail = #""messages":[{"role":"user","content":"hi"}]"#

    @Test(arguments: [
        (#"{"model":"a",TAIL}"#, #"{"max_tokens":7,"model":"b",TAIL}"#),
        (#"{"max_tokens" : 5 ,"model":"a",TAIL}"#, #"{"max_tokens" : 7 ,"model":"b",TAIL}"#),
        (#"{"max_completion_tokens":5,"model":"a",TAIL}"#, #"{"max_tokens":7,"model":"b",TAIL}"#),
        (
            #"{ "max_completion_tokens":5 , "max_tokens":null, "model":"a",TAIL}"#,
            #"{  "max_tokens":7, "model":"b",TAIL}"#
        ),
        (#"{"max_tokens":1,"model":"a",TAIL , "max_completion_tokens":5 }"#, #"{"max_tokens":7,"model":"b",TAIL  }"#),
        (#"{"model":"a",TAIL,"store":true}"#, #"{"max_tokens":7,"model":"b",TAIL,"store":false}"#),
        (#"{"model":"a",TAIL,"store": false}"#, #"{"max_tokens":7,"model":"b",TAIL,"store": false}"#),
        (
            #"{"model":"a","stream":true,TAIL}"#,
            #"{"max_tokens":7,"stream_options":{"include_usage":true},"model":"b","stream":true,TAIL}"#
        ),
        (
            #"{"model":"a","stream":true,"stream_options":null,TAIL}"#,
            #"{"max_tokens":7,"model":"b","stream":true,"stream_options":{"include_usage":true},TAIL}"#
        ),
        (
            #"{"model":"a","stream":true,"stream_options":{ },TAIL}"#,
            #"{"max_tokens":7,"model":"b","stream":true,"stream_options":{"include_usage":true},TAIL}"#
        ),
        (
            #"{"model":"a","stream":true,"stream_options":{"x":1},TAIL}"#,
            #"{"max_tokens":7,"model":"b","stream":true,"stream_options":{"include_usage":true,"x":1},TAIL}"#
        ),
        (
            #"{"model":"a","stream":true,"stream_options":{"include_usage":false},TAIL}"#,
            #"{"max_tokens":7,"model":"b","stream":true,"stream_options":{"include_usage":true},TAIL}"#
        ),
        (
            #"{"model":"a","stream":false,"stream_options":null,TAIL}"#,
            #"{"max_tokens":7,"model":"b","stream":false,"stream_options":null,TAIL}"#
        ),
    ])
    func splicesOnlyWhatChanges(_ body: String, _ expected: String) throws {
        let edited = try upstream(body.replacing("TAIL", with: Self.tail))
        #expect(String(buffer: edited) == expected.replacing("TAIL", with: Self.tail))
    }

    @Test func anUnchangedBodyIsTheSameBytes() throws {
        let body = ByteBuffer(string: "{\"model\":\"\\u0061\", \(Self.tail)}")
        let ask = try Ask.parse(body, kind: .chatCompletions).get()
        let same = ask.upstreamBody(
            model: "a", maxTokens: nil, parameter: "max_tokens", forceUsage: true, from: body,
            into: ByteBufferAllocator())
        #expect(same == body)
    }

    @Test func anotherBodyIsNeverSpliced() throws {
        let ask = try Ask.parse(ByteBuffer(string: "{\"model\":\"a\",\(Self.tail)}"), kind: .chatCompletions).get()
        let none = ask.upstreamBody(
            model: "b", maxTokens: 1, parameter: "max_tokens", forceUsage: false, from: ByteBuffer(string: "{}"),
            into: ByteBufferAllocator())
        #expect(none.readableBytes == 0)
    }

    @Test func modelNamesAreEscaped() throws {
        let edited = try upstream("{\"model\":\"a\",\(Self.tail)}", model: "q\"\\\u{1}\n/é😀")
        #expect(try Ask.parse(edited, kind: .chatCompletions).get().model == "q\"\\\u{1}\n/é😀")
    }

    @Test(arguments: 0..<8 as Range<UInt64>)
    func anyBodyKeepsItsMeaning(_ seed: UInt64) throws {
        var random = RandomBody(seed: seed)
        for _ in 0..<400 {
            let text = random.chat()
            let parameter = random.pick(["max_tokens", "max_completion_tokens"])
            let model = random.pick(["alpha", "b\"x"])
            let forceUsage = random.chance(70)
            // A body inside a larger buffer must be read by its own offsets.
            var body = ByteBuffer(string: "xx" + text)
            body.moveReaderIndex(forwardBy: 2)
            let ask = try Ask.parse(body, kind: .chatCompletions).get()
            let edited = ask.upstreamBody(
                model: model, maxTokens: 42, parameter: parameter, forceUsage: forceUsage, from: body,
                into: ByteBufferAllocator())
            let expected = try object(text)
            expected["model"] = model
            expected.removeObjects(forKeys: ["max_tokens", "max_completion_tokens"])
            expected[parameter] = 42
            if expected["store"] != nil { expected["store"] = false }
            if forceUsage, ask.stream {
                let options = (expected["stream_options"] as? NSDictionary)?.mutableCopy() as? NSMutableDictionary
                let forced = options ?? NSMutableDictionary()
                forced["include_usage"] = true
                expected["stream_options"] = forced
            }
            #expect(try object(String(buffer: edited)) == expected, "\(text)\n\(String(buffer: edited))")
            #expect((try? Ask.parse(edited, kind: .chatCompletions).get())?.maxTokens == 42)
        }
    }

    private func upstream(_ text: String, model: String = "b") throws -> ByteBuffer {
        let body = ByteBuffer(string: text)
        return try Ask.parse(body, kind: .chatCompletions).get().upstreamBody(
            model: model, maxTokens: 7, parameter: "max_tokens", forceUsage: true, from: body,
            into: ByteBufferAllocator())
    }

    private func object(_ text: String) throws -> NSMutableDictionary {
        let parsed = try JSONSerialization.jsonObject(with: Data(text.utf8), options: .mutableContainers)
        return try #require(parsed as? NSMutableDictionary)
    }
}
