import Foundation

/// How far a long command is, on a terminal's standard error and nowhere else.
struct ProgressBar {
    private static let width = 30

    let total: Int
    private let isShown: Bool

    /// - Parameter isShown: by default whether the standard error is a terminal, and the way is long enough.
    init(total: Int, isShown: Bool? = nil) {
        self.total = total
        self.isShown = isShown ?? (Terminal.showsProgress && total > 1)
    }

    /// Draws the bar in the place of the one before.
    func show(_ done: Int) {
        write("\r" + Self.text(done, of: total))
    }

    /// Takes the bar away, so that a line can be written.
    func clear() {
        write("\r\u{1B}[K")
    }

    /// `[#####-----] 3/6`.
    static func text(_ done: Int, of total: Int) -> String {
        // What a file says of its own length may be anything.
        let (cells, overflow) = done.multipliedReportingOverflow(by: width)
        let share = total > 0 && !overflow ? max(0, min(width, cells / total)) : width
        return "[" + String(repeating: "#", count: share) + String(repeating: "-", count: width - share)
            + "] \(done)/\(total)"
    }

    private func write(_ text: String) {
        // Nobody is left to tell if this fails.
        if isShown { try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) }
    }
}
