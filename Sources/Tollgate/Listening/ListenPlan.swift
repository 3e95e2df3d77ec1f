import Proxy

/// Which listener gets which socket: one that was passed to the process, or one of its own.
struct ListenPlan: Sendable, Equatable {
    /// One listener.
    struct Place: Sendable, Equatable {
        let address: ListenAddress
        let source: ListenSource
    }

    let data: Place
    let admin: Place
    let metrics: Place

    /// Gives each listener the socket of its name (`data`, `admin`, `metrics`) or else of its address.
    ///
    /// Throws `StartRefusal` for a socket that is no listener's, because whoever connects to it would wait for ever,
    /// and for one that is reached from other machines in plain HTTP though that is not allowed.
    init(_ configuration: Configuration, sockets: [InheritedSocket]) throws {
        var rest = sockets
        let isEncrypted = configuration.tls != nil
        data = try Self.place("data", configuration.listen, &rest, configuration, isEncrypted)
        admin = try Self.place("admin", configuration.adminListen, &rest, configuration, isEncrypted)
        metrics = try Self.place("metrics", configuration.metricsListen, &rest, configuration, false)
        guard let stray = rest.first else { return }
        let what = stray.address.map { "a socket on \($0)" } ?? "something that is no listening TCP socket"
        throw StartRefusal(
            reason: """
                the service manager passes \(what), which is none of listen, admin_listen and metrics_listen; \
                make tollgate.socket and the configuration say the same
                """)
    }

    private static func place(
        _ name: String, _ address: ListenAddress, _ rest: inout [InheritedSocket], _ configuration: Configuration,
        _ isEncrypted: Bool
    ) throws -> Place {
        let index =
            rest.firstIndex { $0.name == name && $0.address != nil }
            ?? rest.firstIndex { $0.address.map { address.isSame(as: $0) } == true }
        guard let index else {
            return Place(address: address, source: .address(host: address.host, port: address.port))
        }
        let socket = rest.remove(at: index)
        let bound = socket.address ?? address
        guard bound.isLoopback || isEncrypted || configuration.allowPlaintext else {
            throw StartRefusal(
                reason: """
                    the socket passed for the \(name) plane binds beyond loopback (\(bound)) in plaintext; \
                    set allow_plaintext: true if that is meant
                    """)
        }
        return Place(address: bound, source: .inherited(descriptor: socket.descriptor))
    }
}
