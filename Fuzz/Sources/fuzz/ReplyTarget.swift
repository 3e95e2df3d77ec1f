import Fuzzing
import NIOCore
import NIOEmbedded
import NIOHTTP1

@testable import Proxy

/// A backend's answer over cleartext is the same however its bytes were cut, and only what may be believed comes of it.
enum ReplyTarget {
    /// Of a longer stream it would be the embedded channel that takes its time.
    private static let cutBytes = 4_000

    private struct Reply: Equatable {
        var status = 0
        var headers: [String] = []
        var body: [UInt8] = []
        var isMalformed = false
        var isWhole = false
        var allowsReuse = true
    }

    static func run(_ bytes: UnsafeRawBufferPointer) {
        var input = FuzzInput(bytes)
        let method: HTTPMethod = input.flag() ? .HEAD : .POST
        var dice = input.dice()
        let stream = input.bytes
        let whole = reply(to: method, in: [stream])
        check(whole, to: method)
        guard stream.readableBytes <= cutBytes else { return }
        let split = reply(to: method, in: stream.pieces(&dice))
        precondition(whole == split, "the reply depends on the chunks: \(whole) and \(split)")
    }

    /// As `CleartextConnection` reads them, until the backend closes.
    private static func reply(to method: HTTPMethod, in chunks: [ByteBuffer]) -> Reply {
        let channel = EmbeddedChannel()
        var answer = CleartextAnswer()
        var reply = Reply()
        let decoder = ByteToMessageHandler(AnswerDecoder())
        func take() {
            while !reply.isMalformed, let part = try? channel.readInbound(as: HTTPClientResponsePart.self) {
                if answer.isWhole { return }
                switch answer.take(part) {
                case .none: break
                case .head(let head):
                    precondition(reply.status == 0, "two heads")
                    reply.status = head.status
                    reply.headers = head.headers.map { "\($0.0.lowercased()): \($0.1)" }
                case .body(let bytes): reply.body += bytes.readableBytesView
                case .malformed: reply.isMalformed = true
                }
            }
        }
        func failed() {
            take()
            answer.forbidReuse()
            if !answer.isWhole { reply.isMalformed = true }
        }
        do {
            try channel.pipeline.syncOperations.addHandler(decoder)
            let request = HTTPRequestHead(version: .http1_1, method: method, uri: "/")
            try channel.writeOutbound(HTTPClientRequestPart.head(request))
            for chunk in chunks where !reply.isMalformed {
                try channel.writeInbound(chunk)
                take()
            }
        } catch {
            failed()
        }
        do { _ = try channel.finish(acceptAlreadyClosed: true) } catch { failed() }
        take()
        reply.isWhole = answer.isWhole && !reply.isMalformed
        reply.allowsReuse = reply.isWhole && answer.allowsReuse
        return reply
    }

    private static func check(_ reply: Reply, to method: HTTPMethod) {
        guard reply.status != 0 else { return precondition(reply.body.isEmpty && !reply.isWhole) }
        precondition(200...999 ~= reply.status, "\(reply.status)")
        func values(_ name: String) -> [Substring] {
            reply.headers.filter { $0.hasPrefix(name + ": ") }.map { $0.dropFirst(name.utf8.count + 2) }
        }
        for value in values("content-encoding") where !value.isEmpty && NaiveHead.lowercased(value.utf8) != "identity" {
            precondition(reply.body.isEmpty, "a coded body")
        }
        guard reply.isWhole, method != .HEAD, ![204, 304].contains(reply.status) else { return }
        guard values("transfer-encoding").isEmpty, let length = values("content-length").first else { return }
        precondition(Int(length) == reply.body.count, "\(length) for \(reply.body.count) bytes")
    }
}
