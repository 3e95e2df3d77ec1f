import NIOCore
import Testing

@testable import Proxy

/// What `/v1/images/generations` and `/v1/audio/speech` read, refuse and let pass.
@Suite struct MediaAskTests {
    @Test(
        arguments: [
            (#""prompt":"p""#, 1, 1, []),
            (#""prompt":"p","n":null,"size":"auto","quality":null,"background":"opaque","moderation":"low""#, 1, 1, []),
            (#""prompt":"p","n":10,"size":"1024x1024""#, 10, 10, ["1024x1024"]),
            (#""prompt":"p","n":2,"partial_images":3,"stream":true,"quality":"hd""#, 2, 8, ["hd"]),
            (#""prompt":"p","size":"1024x1792","quality":"hd""#, 1, 1, ["hd/1024x1792", "hd", "1024x1792"]),
            (#""prompt":"p","size":"0123456789012345678901234567890123456789""#, 1, 1, []),
        ] as [(String, Int64, Int64, [String])])
    func imagesCountAndNameTheirPrice(_ members: String, _ images: Int64, _ choices: Int64, _ tiers: [String]) throws {
        let ask = try AskCase.parse(members, .images).get()
        #expect(ask.images == images)
        #expect(ask.choices == choices)
        #expect(ask.priceTiers == tiers)
        #expect(ask.parts == 0)
    }

    @Test(arguments: [
        (#""x":1"#, "missing_required_parameter", "prompt"),
        (#""prompt":null"#, "missing_required_parameter", "prompt"),
        (#""prompt":["p"]"#, "wrong_type", "prompt"), (#""prompt":"p","n":0"#, "invalid_value", "n"),
        (#""prompt":"p","n":11"#, "invalid_value", "n"), (#""prompt":"p","n":"2""#, "wrong_type", "n"),
        (#""prompt":"p","partial_images":4"#, "invalid_value", "partial_images"),
        (#""prompt":"p","size":5"#, "wrong_type", "size"), (#""prompt":"p","quality":[]"#, "wrong_type", "quality"),
        (#""prompt":"p","size":"a","size":"b""#, "duplicate_key", "size"),
        (#""prompt":"p","tools":[]"#, "unsupported_parameter", "tools"),
        (#""prompt":"p","image":{"file_id":"f"}"#, "unsupported_parameter", "image.file_id"),
        (#""prompt":"p","images":[{"file_id":"f"}]"#, "unsupported_parameter", "images[0].file_id"),
    ])
    func refusesOtherImages(_ members: String, _ code: String, _ param: String) {
        #expect(AskCase.fault(AskCase.parse(members, .images)) == "\(code) \(param)")
    }

    @Test func picturesToStartFromAreParts() throws {
        let ask = try AskCase.parse(
            #""prompt":"p","image":"data:","images":["a",{"image_url":"b"}],"mask":{}"#, .images
        ).get()
        #expect(ask.parts == 4)
        #expect(ask.firstPart == "image")
    }

    @Test(
        arguments: [
            (#""""#, 0), (#""hello""#, 5), (#""é日😀""#, 3), (#""\u00e9\u65e5\ud83d\ude00""#, 3),
            (#""\n\\\"\/""#, 4), (#""a\\u0041""#, 7), (#""e\u0301""#, 2),
        ] as [(String, Int64)])
    func charactersAreUnicodeScalars(_ input: String, _ characters: Int64) throws {
        let ask = try AskCase.parse(#""input":\#(input),"voice":"alloy","speed":1.5,"instructions":"i""#, .speech).get()
        #expect(ask.characters == characters)
        #expect(!ask.stream)
    }

    @Test func speechStreamsAsEventsOnlyIfAsked() throws {
        #expect(try AskCase.parse(#""input":"a","stream_format":"sse""#, .speech).get().stream)
        #expect(try !AskCase.parse(#""input":"a","stream_format":"audio""#, .speech).get().stream)
        #expect(try AskCase.parse(#""stream":true,"input":"a","stream_format":"audio""#, .speech).get().stream)
    }

    @Test(arguments: [
        (#""voice":"v""#, "missing_required_parameter", "input"), (#""input":["a"]"#, "wrong_type", "input"),
        (#""input":"a","voice":{"id":"voice_1"}"#, "unsupported_parameter", "voice"),
        (#""input":"a","n":2"#, "unsupported_parameter", "n"),
        (#""input":"a","voice":"v","voice":"w""#, "duplicate_key", "voice"),
    ])
    func refusesOtherSpeech(_ members: String, _ code: String, _ param: String) {
        #expect(AskCase.fault(AskCase.parse(members, .speech)) == "\(code) \(param)")
    }
}
