/// The TYPE of a metric family.
enum MetricKind: String {
    case counter
    case gauge
    case histogram
}
