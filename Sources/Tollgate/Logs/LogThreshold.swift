import Logging
import Synchronization

/// The level below which nothing is logged; it may be changed while the process runs.
final class LogThreshold: Sendable {
    /// Its place among all levels: read for every request, so no lock.
    private let place: Atomic<Int>

    init(_ level: Logger.Level) {
        place = Atomic(Self.place(of: level))
    }

    var current: Logger.Level {
        get {
            let place = place.load(ordering: .relaxed)
            return Logger.Level.allCases.first { Self.place(of: $0) == place } ?? .critical
        }
        set { place.store(Self.place(of: newValue), ordering: .relaxed) }
    }

    /// Whether lines of a level are written.
    func lets(_ level: Logger.Level) -> Bool { place.load(ordering: .relaxed) <= Self.place(of: level) }

    private static func place(of level: Logger.Level) -> Int {
        switch level {
        case .trace: 0
        case .debug: 1
        case .info: 2
        case .notice: 3
        case .warning: 4
        case .error: 5
        case .critical: 6
        }
    }
}
