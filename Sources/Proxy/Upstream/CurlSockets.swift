import CCurl
import Glibc

/// What libcurl wants to know about its sockets, kept lazily in an epoll set: changes are applied once a tick,
/// and a socket at rest stays registered for reading so that keep-alive costs no system call.
final class CurlSockets {
    private struct Entry {
        var wanted: UInt32 = 0
        var registered: UInt32 = 0
        /// Tells an event of this socket from one of an earlier socket with the same number.
        var generation: UInt32 = 0
        /// Opened through our callback, so its close is seen too; libcurl closes its other sockets unseen.
        var isConnection = false
        var isChanged = false
    }

    private static let readable = EPOLLIN.rawValue
    private static let writable = EPOLLOUT.rawValue
    private static let failed = EPOLLERR.rawValue | EPOLLHUP.rawValue

    private let epoll: Int32
    private var entries: [Entry] = []
    private var changed: [Int32] = []

    init(epoll: Int32) {
        self.epoll = epoll
    }

    func open(family: Int32, type: Int32, protocolNumber: Int32) -> Int32 {
        let socket = Glibc.socket(family, type | Int32(SOCK_CLOEXEC.rawValue), protocolNumber)
        guard socket >= 0 else { return socket }
        grow(to: socket)
        let index = Int(socket)
        entries[index] = Entry(generation: entries[index].generation &+ 1, isConnection: true)
        return socket
    }

    func close(_ socket: Int32) -> Int32 {
        if socket >= 0, Int(socket) < entries.count {
            entries[Int(socket)].wanted = 0
            register(socket, 0)
            entries[Int(socket)].isConnection = false
        }
        return Glibc.close(socket)
    }

    /// Takes libcurl's wish for one socket (a `CURL_POLL_` value).
    func want(_ socket: Int32, poll: Int32) {
        guard socket >= 0 else { return }
        grow(to: socket)
        let index = Int(socket)
        var wanted: UInt32 = 0
        if poll == CURL_POLL_IN || poll == CURL_POLL_INOUT { wanted |= Self.readable }
        if poll == CURL_POLL_OUT || poll == CURL_POLL_INOUT { wanted |= Self.writable }
        entries[index].wanted = wanted
        if wanted == 0, !entries[index].isConnection {
            register(socket, 0)
        } else if !entries[index].isChanged {
            entries[index].isChanged = true
            changed.append(socket)
        }
    }

    /// Brings the epoll set up to date; called once at the end of a tick.
    func flush() {
        for socket in changed {
            let entry = entries[Int(socket)]
            entries[Int(socket)].isChanged = false
            register(socket, entry.wanted | (entry.registered & Self.readable))
        }
        changed.removeAll(keepingCapacity: true)
    }

    /// The socket and `CURL_CSELECT_` bits of an event, or nil if libcurl is not waiting for it.
    func ready(_ event: epoll_event) -> (socket: Int32, bits: Int32)? {
        let socket = Int32(truncatingIfNeeded: event.data.u64 & 0xFFFF_FFFF)
        guard socket >= 0, Int(socket) < entries.count else { return nil }
        let entry = entries[Int(socket)]
        guard entry.generation == UInt32(truncatingIfNeeded: event.data.u64 >> 32) else { return nil }
        guard entry.wanted != 0, event.events & (entry.wanted | Self.failed) != 0 else {
            // Nobody reads it, and a level-triggered set would report it for ever.
            register(socket, entry.wanted)
            return nil
        }
        var bits: Int32 = 0
        // A failed socket counts as ready: libcurl then meets the error itself and can name it.
        if event.events & (Self.readable | Self.failed) != 0 { bits |= ccurl_select_in() }
        if event.events & (Self.writable | Self.failed) != 0 { bits |= ccurl_select_out() }
        return (socket, bits)
    }

    private func grow(to socket: Int32) {
        while entries.count <= Int(socket) {
            entries.append(Entry())
        }
    }

    private func register(_ socket: Int32, _ events: UInt32) {
        let entry = entries[Int(socket)]
        guard entry.registered != events else { return }
        let operation =
            events == 0 ? EPOLL_CTL_DEL : (entry.registered == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD)
        var event = epoll_event()
        event.events = events
        event.data.u64 = UInt64(entry.generation) << 32 | UInt64(UInt32(bitPattern: socket))
        let isDone = epoll_ctl(epoll, operation, socket, &event) == 0
        entries[Int(socket)].registered = isDone ? events : 0
    }
}
