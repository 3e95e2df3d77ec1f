import Foundation

/// The rest between two looks of a command that waits for the server.
enum PollingPause {
    /// Half a second.
    static func rest() {
        Thread.sleep(forTimeInterval: 0.5)
    }
}
