import Foundation

/// The terminal that a stream may be; a file or a pipe is none.
enum Terminal {
    /// Columns of the standard output; nil if it is no terminal.
    static func width() -> Int? {
        guard isatty(STDOUT_FILENO) == 1 else { return nil }
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col >= 20 else { return nil }
        return Int(size.ws_col)
    }

    /// Whether progress may be drawn on the standard error.
    static var showsProgress: Bool { isatty(STDERR_FILENO) == 1 }
}
