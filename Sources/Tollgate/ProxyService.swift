import Logging
import NIOCore
import Proxy
import ServiceLifecycle

/// Runs the data plane within the service group: listens, and on shutdown drains before it stops.
struct ProxyService: Service {
    let server: ProxyServer
    let address: ListenAddress
    let gate: StartGate
    let logger: Logger

    func run() async throws {
        // The Admin API and the metrics listen first.
        await gate.wait(for: 2)
        try Task.checkCancellation()
        let bound = try await server.start(host: address.host, port: address.port)
        logger.info(
            "listening", metadata: ["plane": "data", "address": "\(address.host):\(bound?.port ?? address.port)"])
        try await gracefulShutdown()
        logger.info("draining")
        await server.drain()
        await server.stop()
    }
}
