import NIOCore
import NIOSSL
import Synchronization
public import Tenancy

/// What listeners prove themselves with over TLS 1.2 and later. A renewed certificate serves the connections that come
/// after it; those that are open keep the one they began with.
public final class ListenerCertificate: Sendable {
    private struct State {
        var context: NIOSSLContext
        var endsAt: Timestamp
    }

    /// How long the end of a connection waits for the client's own word that it is over.
    private static let goodbye = TimeAmount.seconds(2)
    /// Bytes read at once, two records: what they decrypt to is put into a buffer that stays with the connection.
    private static let readBytes = 32 * 1024

    private let state: Mutex<State>
    private let failures = Atomic<UInt64>(0)

    /// A certificate chain, the server's own first, and its private key, both in PEM.
    public init(chain: [UInt8], key: [UInt8]) throws(ListenerCertificateError) {
        state = Mutex(try Self.state(chain: chain, key: key))
    }

    /// Takes another certificate for new connections; one that cannot be used changes nothing.
    public func replace(chain: [UInt8], key: [UInt8]) throws(ListenerCertificateError) {
        let next = try Self.state(chain: chain, key: key)
        state.withLock { $0 = next }
    }

    /// When the certificate in use ends.
    public var endsAt: Timestamp { state.withLock { $0.endsAt } }

    /// Connections that ended before their handshake did.
    public var failedHandshakes: UInt64 { failures.load(ordering: .relaxed) }

    /// Begins TLS on a connection that is not active yet, and ends it if its handshake takes longer than `timeoutMS`.
    ///
    /// Whoever closes through the context that is returned ends the connection without a goodbye.
    @discardableResult
    func secure(_ channel: any Channel, timeoutMS: Int64) throws -> ChannelHandlerContext {
        let handler = NIOSSLServerHandler(context: state.withLock { $0.context })
        try channel.syncOptions?.setOption(.recvAllocator, value: ReceiveRoom(mostBytes: Self.readBytes))
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(handler)
        try pipeline.addHandler(HandshakeDeadline(milliseconds: timeoutMS, certificate: self))
        return try pipeline.context(handler: handler)
    }

    func countFailedHandshake() {
        failures.wrappingAdd(1, ordering: .relaxed)
    }

    private static func state(chain: [UInt8], key: [UInt8]) throws(ListenerCertificateError) -> State {
        guard let certificates = try? NIOSSLCertificate.fromPEMBytes(chain), let own = certificates.first else {
            throw .noCertificate
        }
        guard let privateKey = try? NIOSSLPrivateKey(bytes: key, format: .pem) else { throw .noKey }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: certificates.map { .certificate($0) }, privateKey: .privateKey(privateKey))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        configuration.shutdownTimeout = goodbye
        guard let context = try? NIOSSLContext(configuration: configuration) else { throw .mismatch }
        let (end, isBeyond) = Int64(own.notValidAfter).multipliedReportingOverflow(by: 1000)
        let endsAt = Timestamp(microseconds: 0).adding(milliseconds: isBeyond ? .max : end)
        return State(context: context, endsAt: endsAt)
    }
}
