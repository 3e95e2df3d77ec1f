import Billing

/// A download's place among the few that may be under way; it is given back when the last who knows it is gone.
final class ExportPlace: Sendable {
    private let thread: ExportThread

    /// nil if all places are taken.
    init?(_ thread: ExportThread) {
        guard thread.begin() else { return nil }
        self.thread = thread
    }

    deinit { thread.end() }
}
