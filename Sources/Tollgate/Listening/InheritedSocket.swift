import Foundation

/// A socket that a service manager opened for this process, as systemd passes them.
struct InheritedSocket: Sendable, Equatable {
    /// The first that is passed; the others follow.
    private static let first: Int32 = 3

    let descriptor: Int32
    /// The name the service manager gave it.
    let name: String
    /// Where it listens; nil for anything but a listening TCP socket.
    let address: ListenAddress?

    /// Those passed to this very process, `process`, and to no child of it; `address` looks one up.
    static func all(
        _ environment: [String: String], process: Int32 = getpid(),
        address: (Int32) -> ListenAddress? = Self.address
    ) -> [InheritedSocket] {
        guard environment["LISTEN_PID"].flatMap(Int32.init) == process,
            let count = environment["LISTEN_FDS"].flatMap(Int32.init), 1...1024 ~= count
        else { return [] }
        let names = (environment["LISTEN_FDNAMES"] ?? "").split(separator: ":", omittingEmptySubsequences: false)
        return (0..<count).map { index in
            let place = Int(index)
            return InheritedSocket(
                descriptor: first + index, name: names.indices.contains(place) ? String(names[place]) : "",
                address: address(first + index))
        }
    }

    static func address(of descriptor: Int32) -> ListenAddress? {
        var isListening: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &isListening, &size) == 0, isListening != 0 else {
            return nil
        }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        var host = [CChar](repeating: 0, count: 64)
        var port = [CChar](repeating: 0, count: 8)
        let isNumeric = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                getsockname(descriptor, address, &length) == 0
                    && [AF_INET, AF_INET6].contains(Int32(address.pointee.sa_family))
                    && getnameinfo(
                        address, length, &host, socklen_t(host.count), &port, socklen_t(port.count),
                        NI_NUMERICHOST | NI_NUMERICSERV) == 0
            }
        }
        guard isNumeric, let number = Int(Self.text(port)) else { return nil }
        return ListenAddress(host: Self.text(host), port: number)
    }

    private static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
