import Foundation

/// Where errors and progress go, so that the standard output holds results only.
enum StandardError {
    /// Writes one line.
    static func write(_ text: String) {
        // Nobody is left to tell if this fails.
        try? FileHandle.standardError.write(contentsOf: Data((text + "\n").utf8))
    }
}
