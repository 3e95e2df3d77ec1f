import Foundation

/// Which process makes a file: its number and, because numbers are given out again, when it started.
struct MakerMark: Equatable {
    let process: String
    /// Ticks from the machine's start to the process's; nil in names that an earlier version gave.
    let start: String?

    /// This process.
    static let own = MakerMark(of: "\(ProcessInfo.processInfo.processIdentifier)")

    /// A process as it is now.
    init(of process: String) {
        self.process = process
        start = Self.start(of: process)
    }

    /// Reads what `text` wrote, and stops where something else follows; nil if it is not there.
    init?(_ name: Substring) {
        let parts = name.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        guard let process = parts.first, Self.isNumber(process) else { return nil }
        self.process = process
        start = parts.count > 1 && Self.isNumber(parts[1]) ? parts[1] : nil
    }

    var text: String { start.map { "\(process)-\($0)" } ?? process }

    /// Whether the process is still there, and no other that was given its number.
    var isAlive: Bool {
        guard let found = Self.start(of: process) else { return false }
        return start == nil || start == found
    }

    private static func isNumber(_ text: String) -> Bool { !text.isEmpty && text.allSatisfy(\.isNumber) }

    private static func start(of process: String) -> String? {
        guard let bytes = FileManager.default.contents(atPath: "/proc/\(process)/stat") else { return nil }
        let stat = String(decoding: bytes, as: UTF8.self)
        // The command's name may hold spaces, but ends with the last parenthesis.
        guard let end = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[end...].split(separator: " ")
        return fields.count > 20 ? String(fields[20]) : nil
    }
}
