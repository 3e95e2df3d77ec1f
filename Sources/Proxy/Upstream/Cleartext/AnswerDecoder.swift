import NIOCore
import NIOHTTP1

/// Splits a backend's bytes into the parts of its answers, and knows whether an answer was the last of them. SwiftNIO's
/// decoder keeps a part of a head behind it without a word, and would begin the next call's answer with that.
final class AnswerDecoder: WriteObservingByteToMessageDecoder {
    typealias InboundOut = HTTPClientResponsePart
    typealias OutboundIn = HTTPClientRequestPart

    private static let blankLine: UInt32 = 0x0D0A_0D0A

    private let decoder: HTTPResponseDecoder
    /// Addresses behind the last byte that came, and behind the last one of a body in the same read; only compared.
    private var end: UInt = 0
    private var bodyEnd: UInt = 0
    /// The last four bytes that came.
    private var tail: UInt32 = 0

    init() {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = ResponseHeadParser.maxLineBytes
        limits.maxHeaderListSize = ResponseHeadParser.maxBytes
        limits.maxHeaderFieldCount = ResponseHeadParser.maxBytes
        decoder = HTTPResponseDecoder(
            leftOverBytesStrategy: .dropBytes, informationalResponseStrategy: .forward, limitConfiguration: limits)
    }

    /// Whether nothing came behind an answer that is whole: the read ends where the body does, or, of an answer without
    /// a body or in chunks, with a blank line.
    var endsWithAnswer: Bool { bodyEnd == end || tail == Self.blankLine }

    /// Hears of each piece of a body, a slice of what was read.
    func didDecode(_ body: ByteBuffer) {
        bodyEnd = Self.end(of: body)
    }

    // MARK: WriteObservingByteToMessageDecoder

    func decoderAdded(context: ChannelHandlerContext) {
        decoder.decoderAdded(context: context)
    }

    func decoderRemoved(context: ChannelHandlerContext) {
        decoder.decoderRemoved(context: context)
    }

    func write(data: HTTPClientRequestPart) {
        decoder.write(data: data)
    }

    func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) throws -> DecodingState {
        end = Self.end(of: buffer)
        bodyEnd = 0
        for byte in buffer.readableBytesView.suffix(4) { tail = tail << 8 | UInt32(byte) }
        return try decoder.decode(context: context, buffer: &buffer)
    }

    func decodeLast(context: ChannelHandlerContext, buffer: inout ByteBuffer, seenEOF: Bool) throws -> DecodingState {
        try decoder.decodeLast(context: context, buffer: &buffer, seenEOF: seenEOF)
    }

    private static func end(of buffer: ByteBuffer) -> UInt {
        buffer.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) &+ UInt(bitPattern: $0.count) }
    }
}
