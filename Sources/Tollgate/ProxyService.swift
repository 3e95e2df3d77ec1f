import Logging
import NIOCore
import Proxy
import ServiceLifecycle

/// Runs the data plane within the service group: listens, and on shutdown drains before it stops.
struct ProxyService: Service {
    let server: ProxyServer
    let address: ListenAddress
    let logger: Logger

    func run() async throws {
        let bound = try await server.start(host: address.host, port: address.port)
        logger.info(
            "listening", metadata: ["plane": "data", "address": "\(address.host):\(bound?.port ?? address.port)"])
        try await gracefulShutdown()
        logger.info("draining")
        await server.drain()
        await server.stop()
    }
}
