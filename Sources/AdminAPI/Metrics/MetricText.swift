import Proxy

/// Writes metric families in Prometheus' text format, version 0.0.4.
struct MetricText {
    private(set) var text = ""

    /// Opens a family; its samples follow.
    mutating func family(_ name: String, _ kind: MetricKind, _ help: String) {
        text += "# HELP \(name) \(Self.escaped(help: help))\n# TYPE \(name) \(kind.rawValue)\n"
    }

    /// One sample; `value` is already a number's text.
    mutating func sample(_ name: String, _ labels: KeyValuePairs<String, String> = [:], _ value: String) {
        sample(name, labels.map { ($0.key, $0.value) }, value)
    }

    private mutating func sample(_ name: String, _ labels: [(String, String)], _ value: String) {
        text += name
        let list = labels.map { "\($0)=\"\(Self.escaped(label: $1))\"" }.joined(separator: ",")
        if !list.isEmpty { text += "{\(list)}" }
        text += " \(value)\n"
    }

    /// A family of one sample without labels.
    mutating func single(_ name: String, _ kind: MetricKind, _ help: String, _ value: String) {
        family(name, kind, help)
        sample(name, [:], value)
    }

    /// A histogram without labels, its bounds and sum in seconds.
    mutating func histogram(_ name: String, _ help: String, _ snapshot: HistogramSnapshot) {
        histogram(
            name, help, bounds: snapshot.bounds.map { Self.number($0) }, counts: snapshot.counts,
            sum: Self.number(snapshot.sum), count: snapshot.count)
    }

    /// A histogram without labels; `counts` are per bucket and may have one more entry than `bounds`.
    mutating func histogram(
        _ name: String, _ help: String, bounds: [String], counts: [UInt64], sum: String, count: UInt64
    ) {
        family(name, .histogram, help)
        buckets(name, [], bounds: bounds, counts: counts, sum: sum, count: count)
    }

    /// One histogram of a family that is open.
    mutating func buckets(_ name: String, _ labels: [(String, String)], _ snapshot: HistogramSnapshot) {
        buckets(
            name, labels, bounds: snapshot.bounds.map { Self.number($0) }, counts: snapshot.counts,
            sum: Self.number(snapshot.sum), count: snapshot.count)
    }

    private mutating func buckets(
        _ name: String, _ labels: [(String, String)], bounds: [String], counts: [UInt64], sum: String, count: UInt64
    ) {
        var cumulative: UInt64 = 0
        for (bound, bucket) in zip(bounds, counts) {
            cumulative &+= bucket
            sample("\(name)_bucket", labels + [("le", bound)], String(cumulative))
        }
        sample("\(name)_bucket", labels + [("le", "+Inf")], String(count))
        sample("\(name)_sum", labels, sum)
        sample("\(name)_count", labels, String(count))
    }

    /// A number without a superfluous fraction.
    static func number(_ value: Double) -> String {
        if let whole = Int64(exactly: value) { return String(whole) }
        return value.isNaN ? "NaN" : "\(value)"
    }

    /// Nanoseconds as decimal seconds, exactly.
    static func seconds(nanoseconds: some BinaryInteger) -> String {
        FixedPoint.text(Int64(clamping: nanoseconds), fractionDigits: 9)
    }

    private static func escaped(label: String) -> String { escaped(label, "\"") }

    private static func escaped(help: String) -> String { escaped(help, nil) }

    /// By scalars: a quote and a mark that combines with it are one character, and no quote.
    private static func escaped(_ text: String, _ quote: Unicode.Scalar?) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            if scalar == "\n" {
                escaped += "\\n"
                continue
            }
            if scalar == "\\" || scalar == quote { escaped += "\\" }
            escaped.unicodeScalars.append(scalar)
        }
        return escaped
    }
}
