import Fuzzing
import NIOCore
import NIOEmbedded
import NIOHTTP1

@testable import Proxy

/// The guard of the Admin API's and the metrics' listener hands on what the data plane would let in, up to the first
/// request that is refused, is the connection's last or is no HTTP, and each has one answer, however the bytes were
/// cut.
enum GuardedTarget {
    /// Of a longer stream it would be the embedded channel that takes its time.
    private static let cutBytes = 5_000

    static func run(_ bytes: UnsafeRawBufferPointer) {
        var input = FuzzInput(bytes)
        let answersEarly = input.byte() & 2 == 2
        var dice = input.dice()
        let stream = input.bytes
        let whole = Outcome(of: [stream], answersEarly)
        check(whole, HeadTarget.heads(in: [stream]), answersEarly, isBroken: isBroken(stream))
        guard stream.readableBytes <= cutBytes else { return }
        precondition(whole == Outcome(of: stream.pieces(&dice), answersEarly), "it depends on the chunks")
    }

    /// Whether the parser gives up.
    private static func isBroken(_ stream: ByteBuffer) -> Bool {
        let decoder = ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes))
        let channel = EmbeddedChannel(handler: decoder)
        defer { _ = try? channel.finish(acceptAlreadyClosed: true) }
        do {
            try channel.writeInbound(stream)
            return false
        } catch {
            return error is HTTPParserError
        }
    }

    private static func check(
        _ outcome: Outcome, _ heads: [HTTPRequestHead], _ answersEarly: Bool, isBroken: Bool
    ) {
        let isRefused = { RequestHeadCheck.denial(for: $0, maxBody: .max, passesTrace: true) != nil }
        let end = heads.firstIndex { isRefused($0) || !$0.isKeepAlive } ?? heads.endIndex
        let refused = end < heads.endIndex && isRefused(heads[end])
        let expected = end < heads.endIndex && !refused ? heads[...end] : heads[..<end]
        precondition(outcome.requests.map(\.head) == Array(expected), "other requests than the data plane's")
        precondition(outcome.requests.dropLast().allSatisfy(\.isWhole), "one that is not whole is the last")
        if refused { precondition(outcome.requests.allSatisfy(\.isWhole)) }
        let answered = answersEarly ? outcome.requests.count : outcome.requests.filter(\.isWhole).count
        // Behind whole requests the guard says it; within one, whoever reads it.
        let isRefusedBehind = isBroken && end == heads.endIndex && outcome.requests.allSatisfy(\.isWhole)
        let refusals = outcome.statuses.dropFirst(answered)
        precondition(outcome.statuses.prefix(answered).allSatisfy { $0 == 200 })
        precondition(
            refusals.count == (refused || isRefusedBehind ? 1 : 0) && refusals.allSatisfy { $0 >= 400 },
            "\(outcome.statuses)")
    }
}

extension GuardedTarget {
    private struct Request: Equatable {
        let head: HTTPRequestHead
        var body = ByteBuffer()
        var isWhole = false
    }

    /// What came of a connection: the requests behind the guard, and the answers on the wire.
    private struct Outcome: Equatable {
        var requests: [Request] = []
        var statuses: [UInt] = []

        init(of chunks: [ByteBuffer], _ answersEarly: Bool) {
            let channel = EmbeddedChannel()
            defer { _ = try? channel.finish(acceptAlreadyClosed: true) }
            let decoder = ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes))
            let guarded = HeadGuard { _ in (body: ByteBuffer(string: "{}"), type: "application/json") }
            let server = Server(answersEarly)
            // What is no HTTP ends the stream, and so does the guard; what came before counts.
            do {
                try channel.pipeline.syncOperations.addHandlers(decoder, guarded, server)
                for chunk in chunks { try channel.writeInbound(chunk) }
            } catch {}
            requests = server.requests
            while let part = try? channel.readOutbound(as: HTTPServerResponsePart.self) {
                if case .head(let head) = part { statuses.append(head.status.code) }
            }
        }
    }

    /// Behind the guard: keeps what it is handed, and answers a request at once or when it is whole.
    private final class Server: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let answersEarly: Bool
        private(set) var requests: [Request] = []

        init(_ answersEarly: Bool) {
            self.answersEarly = answersEarly
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head):
                requests.append(Request(head: head))
                if answersEarly { answer(context) }
            case .body(let bytes):
                precondition(requests.last?.isWhole == false, "a body of no request")
                requests[requests.count - 1].body.writeImmutableBuffer(bytes)
            case .end:
                precondition(requests.last?.isWhole == false, "an end of no request")
                requests[requests.count - 1].isWhole = true
                if !answersEarly { answer(context) }
            }
        }

        private func answer(_ context: ChannelHandlerContext) {
            context.write(wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .ok))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}
