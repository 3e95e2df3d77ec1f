import CCurl
import Glibc
import NIOCore

/// What libcurl wants to know about its sockets, kept lazily in an epoll set: changes are applied once a tick,
/// and a socket at rest stays registered for reading so that keep-alive costs no system call.
///
/// A connection on which something arrives at rest is given up: nobody asked for it, and libcurl would take it for
/// the answer to the next call.
final class CurlSockets {
    /// A socket as long as its number means the same connection.
    struct Use {
        fileprivate let socket: Int32
        fileprivate let generation: UInt32
    }

    private struct Entry {
        var wanted: UInt32 = 0
        var registered: UInt32 = 0
        /// Tells an event of this socket from one of an earlier socket with the same number.
        var generation: UInt32 = 0
        /// Opened through our callback, so its close is seen too; libcurl closes its other sockets unseen.
        var isConnection = false
        var isChanged = false
        /// A call has it; libcurl may want nothing of it meanwhile, as when the call is paused.
        var isInUse = false
        /// Frames may come at rest, and libcurl looks at them before the next call.
        var carriesStreams = false
    }

    private static let readable = EPOLLIN.rawValue
    private static let writable = EPOLLOUT.rawValue
    private static let failed = EPOLLERR.rawValue | EPOLLHUP.rawValue

    private static let peek = Int32(MSG_PEEK | MSG_DONTWAIT)

    private let epoll: Int32
    /// A socket whose peer is gone.
    private let closed: Int32
    private var entries: [Entry] = []
    private var changed: [Int32] = []

    init(epoll: Int32) throws {
        self.epoll = epoll
        var pair: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &pair) == 0 else {
            throw IOError(errnoCode: errno, reason: "socketpair")
        }
        closed = pair[0]
        Glibc.close(pair[1])
    }

    deinit {
        Glibc.close(closed)
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

    /// Takes libcurl's wish for one socket (a `CURL_POLL_` value); returns the connection that a call now waits on.
    func want(_ socket: Int32, poll: Int32) -> Use? {
        guard socket >= 0 else { return nil }
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
        guard wanted != 0, entries[index].isConnection else { return nil }
        entries[index].isInUse = true
        return Use(socket: socket, generation: entries[index].generation)
    }

    /// The call that had the connection is over; what has come by now is not of its answer.
    func rest(_ use: Use) {
        guard isCurrent(use) else { return }
        entries[Int(use.socket)].isInUse = false
        if !entries[Int(use.socket)].carriesStreams { giveUp(use.socket) }
    }

    func carriesStreams(_ use: Use) {
        if isCurrent(use) { entries[Int(use.socket)].carriesStreams = true }
    }

    func hasUnreadBytes(_ use: Use) -> Bool {
        var byte: UInt8 = 0
        return isCurrent(use) && recv(use.socket, &byte, 1, Self.peek) > 0
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
            let isAtRest = entry.wanted == 0 && entry.isConnection && !entry.isInUse && !entry.carriesStreams
            if isAtRest {
                giveUp(socket)
            } else {
                // Nobody reads it, and a level-triggered set would report it for ever.
                register(socket, entry.wanted)
            }
            return nil
        }
        var bits: Int32 = 0
        // A failed socket counts as ready: libcurl then meets the error itself and can name it.
        if event.events & (Self.readable | Self.failed) != 0 { bits |= ccurl_select_in() }
        if event.events & (Self.writable | Self.failed) != 0 { bits |= ccurl_select_out() }
        return (socket, bits)
    }

    /// Closes the connection behind libcurl's back, leaving a closed one under its number: that libcurl finds dead
    /// without fail, where bytes or a reset would make it go on.
    private func giveUp(_ socket: Int32) {
        var byte: UInt8 = 0
        // The event may be older than the end of the call.
        if recv(socket, &byte, 1, Self.peek) < 0, errno == EAGAIN { return }
        register(socket, 0)
        dup2(closed, socket)
        _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
    }

    private func isCurrent(_ use: Use) -> Bool {
        entries[Int(use.socket)].generation == use.generation && entries[Int(use.socket)].isConnection
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
