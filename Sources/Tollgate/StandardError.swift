import Foundation

/// Where errors and progress go, so that the standard output holds results only.
enum StandardError {
    /// Writes one line.
    static func write(_ text: String) {
        // Nobody is left to tell if this fails.
        try? FileHandle.standardError.write(contentsOf: Data((text + "\n").utf8))
    }

    /// Writes bytes, waiting for whoever reads them; gives up only when nobody can.
    @Sendable static func write(bytes: UnsafeRawBufferPointer) {
        var rest = bytes[...]
        while let base = UnsafeRawBufferPointer(rebasing: rest).baseAddress, !rest.isEmpty {
            let count = Foundation.write(STDERR_FILENO, base, rest.count)
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                var state = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
                _ = poll(&state, 1, -1)
            } else if errno != EINTR {
                return
            }
        }
    }
}
