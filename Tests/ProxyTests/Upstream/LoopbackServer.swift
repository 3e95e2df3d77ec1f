import NIOCore
import NIOPosix
import Synchronization

/// An HTTP/1.1 backend on loopback that answers each whole request with whatever bytes its script writes.
final class LoopbackServer: Sendable {
    struct Received: Sendable {
        var head: String
        var body: ByteBuffer
        /// Place of the connection among those accepted, from 1.
        var connection: Int
        /// Place of the request on its connection, from 1.
        var number: Int
    }

    typealias Script = @Sendable (Received, any Channel) -> Void

    let port: Int
    private let listener: any Channel
    private let accepted = Atomic<Int>(0)
    private let requests = Atomic<Int>(0)
    private let open = Mutex<[any Channel]>([])

    /// - Parameters:
    ///   - tls: speaks TLS with this identity, and HTTP/2 where that offers it: what the script writes is the body
    ///     then.
    ///   - onBytes: called for every read instead of collecting requests; return true to have it so.
    init(
        tls: ServerIdentity? = nil, onBytes: (@Sendable (any Channel) -> Bool)? = nil, script: @escaping Script
    ) async throws {
        let handler = Mutex<(@Sendable (any Channel) -> any ChannelHandler)?>(nil)
        listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls {
                        try channel.pipeline.syncOperations.addHandler(TLSServerHandler(tls))
                    }
                    if let make = handler.withLock({ $0 }) {
                        try channel.pipeline.syncOperations.addHandler(make(channel))
                    }
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = listener.localAddress?.port ?? 0
        handler.withLock { slot in
            slot = { channel in
                let connection = self.accepted.add(1, ordering: .relaxed).newValue
                self.open.withLock { $0.append(channel) }
                if tls?.offersHTTP2 == true {
                    return HTTP2Responder { number in
                        self.requests.add(1, ordering: .relaxed)
                        script(
                            Received(head: "", body: ByteBuffer(), connection: connection, number: number), channel)
                    }
                }
                return RequestCollector(connection: connection, onBytes: onBytes) { received, channel in
                    self.requests.add(1, ordering: .relaxed)
                    script(received, channel)
                }
            }
        }
    }

    var url: String { "http://127.0.0.1:\(port)" }
    var secureURL: String { "https://127.0.0.1:\(port)" }
    var acceptedCount: Int { accepted.load(ordering: .relaxed) }
    var requestCount: Int { requests.load(ordering: .relaxed) }

    /// Returns once every connection accepted so far is closed.
    func connectionsClosed() async throws {
        for channel in open.withLock({ $0 }) {
            try await channel.closeFuture.get()
        }
    }

    func stop() async throws {
        try await listener.close()
        for channel in open.withLock({ $0 }) {
            try? await channel.close()
        }
    }

    static func answer(_ body: String, status: String = "200 OK", headers: String = "") -> String {
        "HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\(headers)\r\n\(body)"
    }
}

extension Channel {
    func send(_ text: String) {
        writeAndFlush(ByteBuffer(string: text), promise: nil)
    }

    func sendAndClose(_ text: String) {
        writeAndFlush(ByteBuffer(string: text)).whenComplete { _ in self.close(promise: nil) }
    }
}

/// Gathers one request at a time: head, then as many bytes as `content-length` says.
private final class RequestCollector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let connection: Int
    private let onBytes: (@Sendable (any Channel) -> Bool)?
    private let onRequest: LoopbackServer.Script
    private var number = 0
    private var buffered = ByteBuffer()

    init(
        connection: Int, onBytes: (@Sendable (any Channel) -> Bool)?, onRequest: @escaping LoopbackServer.Script
    ) {
        self.connection = connection
        self.onBytes = onBytes
        self.onRequest = onRequest
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if onBytes?(context.channel) == true { return }
        var bytes = unwrapInboundIn(data)
        buffered.writeBuffer(&bytes)
        while let received = next() {
            onRequest(received, context.channel)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func next() -> LoopbackServer.Received? {
        let view = buffered.readableBytesView
        let end: [UInt8] = [13, 10, 13, 10]
        guard let split = view.firstRange(of: end) else { return nil }
        let head = String(decoding: view[view.startIndex..<split.lowerBound], as: UTF8.self)
        var length = 0
        for line in head.split(separator: "\r\n") where line.lowercased().hasPrefix("content-length:") {
            length = Int(line.drop { $0 != ":" }.dropFirst().filter { $0 != " " }) ?? 0
        }
        let headCount = view.distance(from: view.startIndex, to: split.upperBound)
        guard buffered.readableBytes >= headCount + length else { return nil }
        buffered.moveReaderIndex(forwardBy: headCount)
        guard let body = buffered.readSlice(length: length) else { return nil }
        buffered.discardReadBytes()
        number += 1
        return LoopbackServer.Received(head: head, body: body, connection: connection, number: number)
    }
}
