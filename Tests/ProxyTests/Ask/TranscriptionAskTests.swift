import NIOCore
import Testing

@testable import Proxy

/// The form of `/v1/audio/transcriptions`, well made, odd and evil.
@Suite struct TranscriptionAskTests {
    private static let type = "multipart/form-data; boundary=XyZ"
    private static let file = part(#"form-data; name="file"; filename="a.wav""#, "RIFF\r\n\r\n--Xy\r\n--")

    private static func part(_ disposition: String, _ content: String, more: String = "") -> String {
        "--XyZ\r\nContent-Disposition: \(disposition)\r\n\(more)\r\n\(content)\r\n"
    }

    private static func field(_ name: String, _ content: String) -> String {
        part("form-data; name=\"\(name)\"", content)
    }

    private func parse(_ form: String, type: String? = Self.type) -> Result<Ask, AskError> {
        Ask.parse(ByteBuffer(string: form), kind: .transcription, contentType: type)
    }

    private func parse(parts: String...) -> Result<Ask, AskError> {
        parse(parts.joined() + "--XyZ--\r\n")
    }

    @Test func readsAForm() throws {
        let ask = try parse(
            parts: Self.field("model", "whisper-1"), Self.file, Self.field("stream", "True"),
            Self.field("response_format", "verbose_json"), Self.field("timestamp_granularities[]", "word"),
            Self.field("timestamp_granularities[]", "segment")
        ).get()
        #expect(ask.kind == .transcription)
        #expect(ask.model == "whisper-1")
        #expect(ask.audioBytes == 16)
        #expect(ask.stream)
        #expect(ask.parts == 1)
        #expect(ask.firstPart == "file")
        #expect(ask.contentType == Self.type)
    }

    @Test(arguments: [
        "multipart/form-data; boundary=XyZ", "Multipart/Form-Data;boundary=\"XyZ\"; charset=utf-8",
        "multipart/form-data ; BOUNDARY=XyZ;",
    ])
    func readsContentTypes(_ type: String) throws {
        let form = Self.field("model", "m") + Self.file + "--XyZ--"
        #expect(try parse(form, type: type).get().model == "m")
    }

    @Test(arguments: [
        nil, "", "application/json", "multipart/form-data", "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\"\"", "multipart/form-data; boundary=a; boundary=XyZ",
        "multipart/mixed; boundary=XyZ", "multipart/form-data; boundary=\"X\u{e9}\"",
        "multipart/form-data; boundary=\"X ",
        "multipart/form-data; boundary=\"XyZ \"", "multipart/form-data boundary=XyZ",
        "multipart/form-data; boundary=0123456789012345678901234567890123456789012345678901234567890123456789a",
    ])
    func refusesOtherContentTypes(_ type: String?) {
        let form = Self.field("model", "m") + Self.file + "--XyZ--"
        #expect(AskCase.fault(parse(form, type: type)) == "invalid_content_type")
        #expect(AskCase.fault(parse(#"{"model":"m"}"#, type: type)) == "invalid_content_type")
    }

    @Test(arguments: [
        #"form-data; name=model"#, #"form-data; name="model""#, #"FORM-DATA;NAME="model""#,
        #" form-data ; name=model; "#, #"form-data; charset=x; name="model""#,
    ])
    func namesMayBeQuotedOrNot(_ disposition: String) throws {
        let ask = try parse(parts: Self.file, Self.part(disposition, "alpha")).get()
        #expect(ask.model == "alpha")
    }

    @Test func fileNamesMayBeOdd() throws {
        for name in [
            #"filename="a;\"b.wav""#, #"filename=a.wav; filename*=UTF-8''%e2"#, #"filename="日.wav""#, #"filename="""#,
        ] {
            let file = Self.part("form-data; name=\"file\"; \(name)", "abc", more: "Content-Type: audio/wav\r\n")
            #expect(try parse(parts: Self.field("model", "m"), file).get().audioBytes == 3)
        }
    }

    @Test func anEmptyFileAndPaddingAreForms() throws {
        let form = "\r\n--XyZ \t\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\"\r\n\r\n\r\n"
        #expect(try parse(form + Self.field("model", "m") + "--XyZ--").get().audioBytes == 0)
    }

    @Test(arguments: [
        ("", "invalid_form"), ("--XyZ", "invalid_form"), ("--XyZ--", "missing_required_parameter file"),
        ("--XyZ\r\n", "invalid_form"), ("--XyZ\r\n\r\nx\r\n--XyZ--", "invalid_form"),
        (#"{"model":"m"}"#, "invalid_form"),
        ("preamble\r\nMODELFILE--XyZ--", "invalid_form"), ("MODELFILE--XyZ--\r\nepilogue", "invalid_form"),
        ("MODELFILE", "invalid_form"), ("MODELFILE--XyZ", "invalid_form"), ("MODELFILE--XyZ-", "invalid_form"),
        ("MODELFILE--XyZab\r\n", "invalid_form"), ("MODEL--XyZ--", "missing_required_parameter file"),
        ("FILE--XyZ--", "missing_required_parameter model"), ("FILEMODELMODEL--XyZ--", "duplicate_key model"),
        ("FILEFILEMODEL--XyZ--", "duplicate_key file"),
        ("--XyZ\nContent-Disposition: form-data; name=\"model\"\n\nm\n--XyZ--", "invalid_form"),
        ("--XyZ\r\nContent-Disposition: form-data; name=\"model\"\nX: y\r\n\r\nm\r\nFILE--XyZ--", "invalid_form"),
        ("--XyZ\r\nContent-Disposition: form-data; name=\"model\"\r\n folded\r\n\r\nm\r\nFILE--XyZ--", "invalid_form"),
        ("--XyZ\r\nContent-Type: text/plain\r\n\r\nm\r\nFILE--XyZ--", "invalid_form"),
    ])
    func refusesMalformedForms(_ form: String, _ fault: String) {
        let text = form.replacing("MODEL", with: Self.field("model", "m")).replacing("FILE", with: Self.file)
        #expect(AskCase.fault(parse(text)) == fault)
    }

    @Test(arguments: [
        "attachment; name=\"x\"", "form-data", "form-data; name=\"\"", "form-data; name=\"x\"; name=\"model\"",
        "form-data; name*=utf-8''model", "form-data; name=\"mo\\del\"", "form-data; name=\"x", "form-data name=\"x\"",
        "form-data; name", "form-data; =x", "form-data; name=x y",
        "form-data; name=\"x\"\r\nContent-Disposition: form-data; name=\"y\"",
        "form-data; name=\"x\"\r\nContent-Transfer-Encoding: base64", "form-data; name=\"x\"\r\nno field",
        "form-data; name=\"x\"\r\nX : y", "form-data; name=\"x\"; name*0=\"mo\"; name*1=\"del\"",
    ])
    func refusesPartsThatReadersTakeDifferently(_ disposition: String) {
        #expect(
            AskCase.fault(parse(parts: Self.field("model", "m"), Self.file, Self.part(disposition, "z")))
                == "invalid_form")
    }

    @Test(arguments: [
        ("stream", "maybe", "wrong_type stream"), ("response_format", "xml", "invalid_value response_format"),
        ("Model", "m", "unsupported_parameter Model"), ("FILE", "m", "unsupported_parameter FILE"),
        ("url", "http://x", "unsupported_parameter url"), ("file_id", "f", "unsupported_parameter file_id"),
        ("model", "m", "duplicate_key model"),
    ])
    func refusesFields(_ name: String, _ value: String, _ fault: String) {
        #expect(AskCase.fault(parse(parts: Self.field("model", "m"), Self.file, Self.field(name, value))) == fault)
    }

    @Test func aPartWithoutContentHidesNoOther() {
        let bare = "--XyZ\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n"
        for end in [Self.field("model", "dear"), ""] {
            #expect(AskCase.fault(parse(parts: Self.field("model", "m"), Self.file, bare + end)) == "invalid_form")
        }
        #expect(AskCase.fault(parse(parts: Self.field("model", "m"), Self.file, Self.field("x", ""))) == nil)
    }

    @Test func aModelMustBeText() throws {
        let named = Self.part("form-data; name=\"model\"; filename=\"m\"", "m")
        #expect(AskCase.fault(parse(parts: named, Self.file)) == "wrong_type model")
        #expect(AskCase.fault(parse(parts: Self.field("model", ""), Self.file)) == "missing_required_parameter model")
        var bytes = Array((Self.field("model", "mm") + Self.file + "--XyZ--").utf8)
        let content = try #require(bytes.firstRange(of: Array("mm".utf8))).lowerBound
        bytes[content] = 0xFF
        let result = Ask.parse(ByteBuffer(bytes: bytes), kind: .transcription, contentType: Self.type)
        #expect(AskCase.fault(result) == "wrong_type model")
    }

    @Test func limitsAreExact() {
        let most = (0..<MultipartForm.mostParts - 2).map { Self.field("f\($0)", "v") }.joined()
        #expect(AskCase.fault(parse(parts: Self.field("model", "m"), Self.file, most)) == nil)
        #expect(
            AskCase.fault(parse(parts: Self.field("model", "m"), Self.file, most, Self.field("x", "")))
                == "invalid_form")
        func padded(_ count: Int) -> String {
            Self.part("form-data; name=\"x\"", "v", more: "P: " + String(repeating: "p", count: count) + "\r\n")
        }
        // The disposition's line, "P: ", and three line breaks are 53 bytes.
        let room = MultipartForm.headLimit - 53
        let (fits, over) = (padded(room - 1), padded(room + 8))
        #expect(AskCase.fault(parse(parts: Self.field("model", "m"), Self.file, fits)) == nil)
        #expect(AskCase.fault(parse(parts: Self.field("model", "m"), Self.file, over)) == "invalid_form")
    }

    @Test func samplesOfSpeakersAreParts() throws {
        let ask = try parse(
            parts: Self.field("model", "m"), Self.file, Self.field("known_speaker_references[]", "data:audio/wav"),
            Self.field("known_speaker_references[]", "data:audio/wav"),
            Self.part("form-data; name=\"x\"; filename=\"y\"", "")
        ).get()
        #expect(ask.parts == 4)
    }

    @Test func onlyTheModelChangesUpstream() throws {
        let form = Self.file + Self.field("model", "alpha") + Self.field("stream", "true") + "--XyZ--\r\n"
        let upstream = try AskCase.upstream(form, .transcription, model: "be\"ta", contentType: Self.type)
        #expect(upstream == form.replacing("alpha", with: "be\"ta"))
        #expect(try AskCase.upstream(form, .transcription, model: "alpha", contentType: Self.type) == form)
        #expect(try AskCase.upstream(form, .transcription, model: "a\r\n--XyZ", contentType: Self.type).isEmpty)
    }

    /// Delimiters that almost match, one after the other, are compared once each.
    @Test func nearDelimitersCostLinearTime() {
        let boundary = String(repeating: "-", count: 70)
        let near = String(repeating: "\r\n--" + String(boundary.dropLast()), count: 40_000)
        let head = "Content-Disposition: form-data; name=\"file\"\r\n\r\n"
        let form = "--\(boundary)\r\n\(head)\(near)\r\n--\(boundary)--"
        let result = parse(form, type: "multipart/form-data; boundary=\(boundary)")
        #expect(AskCase.fault(result) == "missing_required_parameter model")
    }

    @Test func noMutatedFormTraps() {
        var random = RandomBody(seed: 7578)
        let form = Self.field("model", "alpha") + Self.file + Self.field("stream", "true") + "--XyZ--\r\n"
        var read = 0
        for _ in 0..<20_000 {
            var bytes = Array(form.utf8)
            for _ in 0..<1 + random.below(4) {
                let position = random.below(max(bytes.count, 1))
                switch random.below(4) {
                case 0 where !bytes.isEmpty: bytes[position] = UInt8(random.below(256))
                case 1 where !bytes.isEmpty: bytes.remove(at: position)
                case 2: bytes.insert(random.pick(Array("\r\n-\"; =:\\Z".utf8)), at: min(position, bytes.count))
                default: bytes.removeLast(min(bytes.count, random.below(8) == 0 ? bytes.count / 2 : 1))
                }
            }
            let body = ByteBuffer(bytes: bytes)
            guard case .success(let ask) = Ask.parse(body, kind: .transcription, contentType: Self.type) else {
                continue
            }
            read += 1
            let edited = ask.upstreamBody(
                model: "other", maxTokens: 9, parameter: "max_tokens", forceUsage: true, from: body,
                into: ByteBufferAllocator())
            let again = try? Ask.parse(edited, kind: .transcription, contentType: Self.type).get()
            #expect(again?.model == "other")
            #expect(again?.audioBytes == ask.audioBytes)
        }
        #expect(read > 1000)
    }
}
