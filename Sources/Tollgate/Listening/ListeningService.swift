import Logging
import NIOCore
import ServiceLifecycle

/// A service with a listener; when the address cannot be had, the reason names it.
struct ListeningService<Base: Service>: Service {
    let plane: String
    let address: ListenAddress
    let base: Base

    func run() async throws {
        do {
            try await base.run()
        } catch let error as IOError {
            throw StartRefusal(reason: "the \(plane) plane cannot listen on \(address.host):\(address.port): \(error)")
        }
    }
}
