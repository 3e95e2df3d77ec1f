import Glibc
import NIOCore

/// Looks names up with the system's resolver, each on a thread of its own and one at a time; remembers what it found
/// for a minute, as libcurl does. Confined to its event loop.
final class NameLookup {
    struct Failure: Error, CustomStringConvertible {
        let words: String

        var description: String { words }
    }

    static let remembered = TimeAmount.seconds(60)
    static let most = 1024

    private let eventLoop: any EventLoop
    private let clock: @Sendable () -> NIODeadline
    private var known: [String: (since: NIODeadline, addresses: EventLoopFuture<[SocketAddress]>)] = [:]

    init(eventLoop: any EventLoop, clock: @escaping @Sendable () -> NIODeadline) {
        self.eventLoop = eventLoop
        self.clock = clock
    }

    /// The name's addresses, each with port 0.
    func addresses(of host: String) -> EventLoopFuture<[SocketAddress]> {
        let now = clock()
        if let found = known[host], found.since + Self.remembered > now { return found.addresses }
        if known.count >= Self.most { known.removeAll() }
        let promise = eventLoop.makePromise(of: [SocketAddress].self)
        known[host] = (now, promise.futureResult)
        promise.futureResult.assumeIsolated().whenFailure { [weak self] _ in self?.known[host] = nil }
        do {
            try DetachedThread.start { promise.completeWith(Self.ask(host)) }
        } catch {
            promise.fail(error)
        }
        return promise.futureResult
    }

    private static func ask(_ host: String) -> Result<[SocketAddress], any Error> {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, nil, &hints, &list)
        guard code == 0 else { return .failure(Failure(words: String(cString: gai_strerror(code)))) }
        defer { freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var next = list
        while let entry = next?.pointee {
            next = entry.ai_next
            guard let address = entry.ai_addr else { continue }
            switch entry.ai_family {
            case AF_INET:
                address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                    addresses.append(SocketAddress($0.pointee))
                }
            case AF_INET6:
                address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                    addresses.append(SocketAddress($0.pointee))
                }
            default: continue
            }
        }
        return .success(addresses)
    }
}
