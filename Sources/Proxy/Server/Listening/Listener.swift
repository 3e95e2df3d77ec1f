public import NIOCore
import NIOPosix

/// Opens listeners for servers that take connections one by one.
public enum Listener {
    /// Accepts from `source`, over TLS where there is a certificate.
    ///
    /// - Parameters:
    ///   - handshakeTimeoutMS: milliseconds a TLS handshake may take.
    ///   - setUp: prepares a connection for whoever speaks on it; one that fails is closed.
    public static func open<Child: Sendable>(
        _ source: ListenSource, certificate: ListenerCertificate?, handshakeTimeoutMS: Int64,
        setUp: @escaping @Sendable (any Channel) -> EventLoopFuture<Child>
    ) async throws -> NIOAsyncChannel<Child, Never> {
        let bootstrap = ServerBootstrap.fair(on: MultiThreadedEventLoopGroup.singleton)
        return try await source.bind(bootstrap) { channel in
            let child = channel.eventLoop.makeCompletedFuture {
                _ = try certificate?.secure(channel, timeoutMS: handshakeTimeoutMS)
            }.flatMap { setUp(channel) }
            // Nobody else closes a connection that could not be prepared.
            child.whenFailure { _ in channel.close(promise: nil) }
            return child
        }
    }
}
