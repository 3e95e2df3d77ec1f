import Proxy
import Synchronization
import Tenancy

/// Samples of the data plane's counters over the last hour, so that whoever looks sees rates at once.
public final class TrafficLog: Sendable {
    /// Seconds between two ticks.
    public static let tickSeconds = 10
    /// An hour, and the sample it is counted from.
    static let sampleLimit = 3600 / tickSeconds + 1

    private let metrics: ProxyMetrics
    private let time: any TimeSource
    private let kept: Mutex<[TrafficSample]>

    init(metrics: ProxyMetrics, time: any TimeSource) {
        self.metrics = metrics
        self.time = time
        kept = Mutex([TrafficSample(at: time.now(), totals: metrics.totals())])
    }

    /// Takes a sample; to be called every `tickSeconds`.
    public func tick() {
        let sample = current()
        kept.withLock { samples in
            samples.append(sample)
            if samples.count > Self.sampleLimit { samples.removeFirst() }
        }
    }

    /// The counters now.
    func current() -> TrafficSample {
        TrafficSample(at: time.now(), totals: metrics.totals())
    }

    /// The earliest first.
    func samples() -> [TrafficSample] {
        kept.withLock { $0 }
    }
}
