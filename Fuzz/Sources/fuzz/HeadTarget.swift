import Fuzzing
import NIOCore
import NIOEmbedded
import NIOHTTP1

@testable import Proxy

/// Heads are the same however their bytes were cut, and those that are let in keep to HTTP by a second reading. Each of
/// the parsers of what stands in heads reads all of it too, so that each runs as often as the target.
enum HeadTarget {
    private static let maxBody = 1000
    /// Of a longer stream it would be the embedded channel that takes its time.
    private static let cutBytes = 5_000

    static func run(_ bytes: UnsafeRawBufferPointer) {
        var input = FuzzInput(bytes)
        var dice = input.dice()
        HeadTexts.run(input)
        let stream = input.bytes
        let whole = heads(in: [stream])
        if stream.readableBytes <= cutBytes {
            let split = heads(in: stream.pieces(&dice))
            precondition(whole == split, "the heads depend on the chunks")
        }
        for head in whole where RequestHeadCheck.denial(for: head, maxBody: maxBody) == nil { check(head) }
    }

    /// As the data plane's listener reads them.
    static func heads(in chunks: [ByteBuffer]) -> [HTTPRequestHead] {
        let channel = EmbeddedChannel()
        defer { _ = try? channel.finish(acceptAlreadyClosed: true) }
        let decoder = ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes))
        // What is no HTTP ends the stream; the heads before it count.
        do {
            try channel.pipeline.syncOperations.addHandler(decoder)
            for chunk in chunks { try channel.writeInbound(chunk) }
        } catch {}
        var heads: [HTTPRequestHead] = []
        while let part = try? channel.readInbound(as: HTTPServerRequestPart.self) {
            if case .head(let head) = part { heads.append(head) }
        }
        return heads
    }

    private static func check(_ head: HTTPRequestHead) {
        precondition(!head.uri.isEmpty && head.uri.utf8.allSatisfy { 0x21...0x7E ~= $0 }, "\(head.uri)")
        precondition(head.version == .http1_0 || head.version == .http1_1)
        precondition(head.method != .CONNECT && head.method != .TRACE)
        precondition(head.headers.count <= RequestHeadCheck.maxFields)
        for (name, value) in head.headers {
            precondition(!name.isEmpty && name.utf8.allSatisfy { 0x21...0x7E ~= $0 && $0 != UInt8(ascii: ":") }, name)
            precondition(value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }, "\(name): a control byte")
        }
        let hosts = head.headers["Host"]
        precondition(hosts.count == 1 || hosts.isEmpty && head.version == .http1_0)
        precondition(head.headers["Authorization"].count <= 1, "two credentials")
        for host in hosts { precondition(HeadTexts.isHost(host), host) }
        let lengths = head.headers["Content-Length"]
        let codings = head.headers["Transfer-Encoding"]
        precondition(lengths.count + codings.count <= 1, "two framings")
        for length in lengths {
            precondition(length.utf8.allSatisfy { 0x30...0x39 ~= $0 } && Int(length) ?? .max <= maxBody, length)
        }
        for coding in codings {
            precondition(coding.uppercased() == "CHUNKED" && head.version == .http1_1, coding)
        }
    }
}
