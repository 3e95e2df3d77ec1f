import Logging
import NIOCore
import Proxy
import ServiceLifecycle
import UnixSignals

/// Runs the data plane within the service group: listens, and on shutdown drains before it stops.
struct ProxyService: Service {
    let server: ProxyServer
    let place: ListenPlan.Place
    /// Nil: plain HTTP.
    let certificate: ListenerCertificate?
    let gate: StartGate
    let logger: Logger

    func run() async throws {
        // The Admin API and the metrics listen first.
        await gate.wait(for: 2)
        try Task.checkCancellation()
        let bound = try await server.start(from: place.source, certificate: certificate)
        let address = ListenAddress(host: place.address.host, port: bound?.port ?? place.address.port)
        logger.info("listening", metadata: ["plane": "data", "address": "\(address)"])
        try await gracefulShutdown()
        logger.info("draining")
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await hurryWhenAskedAgain() }
            await server.drain()
            group.cancelAll()
        }
        await server.stop()
    }

    /// Whoever asks a second time to stop does not want to wait for streams to end.
    private func hurryWhenAskedAgain() async {
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        for await _ in signals {
            logger.notice("asked again to stop: calls in flight are cut off and settled")
            server.hurry()
            return
        }
    }
}
