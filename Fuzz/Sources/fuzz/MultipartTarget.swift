import Fuzzing
import NIOCore

@testable import Proxy

/// A form that is taken holds one model and one file, and only the model changes on its way.
enum MultipartTarget {
    /// A line that is the content type, then the form, whose boundary may be the usual one.
    static func run(_ bytes: UnsafeRawBufferPointer) {
        var input = FuzzInput(bytes)
        let named = input.line()
        for contentType in [named, "multipart/form-data; boundary=b"] { check(input.bytes, contentType) }
    }

    private static func check(_ body: ByteBuffer, _ contentType: String) {
        guard case .success(let ask) = Ask.parse(body, kind: .transcription, contentType: contentType) else { return }
        AskTarget.checkBounds(ask)
        precondition(ask.parts >= 1 && ask.contentType == contentType)
        let model = ask.model + "-up"
        let sent = ask.upstreamBody(
            model: model, maxTokens: 7, parameter: "max_tokens", forceUsage: true, from: body,
            into: ByteBufferAllocator())
        if ask.model.utf8.contains(where: { $0 < 0x20 }) { return precondition(sent.readableBytes == 0) }
        guard case .success(let again) = Ask.parse(sent, kind: .transcription, contentType: contentType) else {
            preconditionFailure("the form that is sent is none: \(String(buffer: sent))")
        }
        precondition(again.model == model && sent.readableBytes == body.readableBytes + 3)
        AskTarget.checkSame(ask, again)
    }
}
