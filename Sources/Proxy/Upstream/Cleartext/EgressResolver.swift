import CCurl
import NIOCore
import NIOPosix
import Synchronization

/// Names' addresses for one connection attempt, without those that the egress rule refuses.
final class EgressResolver: Resolver, Sendable {
    private let egress: EgressRule
    private let names: NIOLoopBound<NameLookup>
    private let refused = Mutex<String?>(nil)

    init(names: NameLookup, egress: EgressRule, eventLoop: any EventLoop) {
        self.names = NIOLoopBound(names, eventLoop: eventLoop)
        self.egress = egress
    }

    /// The last address that was refused, in words.
    var refusal: String? { refused.withLock { $0 } }

    func initiateAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> {
        addresses(host, port, .inet)
    }

    func initiateAAAAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> {
        addresses(host, port, .inet6)
    }

    /// A look-up is shared with other attempts, so it goes on.
    func cancelQueries() {}

    private func addresses(
        _ host: String, _ port: Int, _ family: NIOBSDSocket.ProtocolFamily
    ) -> EventLoopFuture<[SocketAddress]> {
        names.value.addresses(of: host).map { all in
            all.filter { $0.protocol == family }.compactMap { address in
                if let words = self.egress.words(refusing: address) {
                    self.refused.withLock { $0 = words }
                    return nil
                }
                var address = address
                address.port = port
                return address
            }
        }
    }
}

extension EgressRule {
    /// Why the address is refused, in words; nil if it may be connected to.
    func words(refusing address: SocketAddress) -> String? {
        address.withSockAddr { name, size in
            var count = 0
            return words(refusing: UnsafeRawBufferPointer(start: ccurl_ip_bytes(name, size, &count), count: count))
        }
    }
}
