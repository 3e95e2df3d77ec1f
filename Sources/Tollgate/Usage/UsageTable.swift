import Foundation

/// Usage and costs as aligned columns: spans, groups, counts with their units, US dollars, and a line of totals.
struct UsageTable {
    private static let units = [
        "image": "IMAGES", "second": "SECONDS", "character": "CHARACTERS", "request": "BILLED REQUESTS",
        "search": "SEARCHES",
    ]
    /// What people look for first; meters nobody here knows come last, by name.
    private static let order = [
        "input", "input_cache_read", "input_cache_write_5m", "input_cache_write_1h", "input_audio", "input_image",
        "output", "output_reasoning", "output_audio", "image", "second", "character", "request", "search",
    ]

    private let groups: [String]
    private let lines: [(start: String, result: JSONValue)]
    private let meters: [String]
    private let width: Int?

    /// A table of spans as the API answers them; `showsMeters` is for usage rather than for money. In a terminal of
    /// that width groups are cut and meters left out, never what it cost.
    init(_ buckets: [JSONValue], groups: [String], showsMeters: Bool, width: Int? = nil) {
        self.groups = groups
        self.width = width
        lines = buckets.flatMap { bucket in
            bucket["results"].items.map { (bucket["start"].plain, $0) }
        }
        let seen = Set(lines.flatMap { $0.result["tokens"].members.keys })
        let known = Self.order.filter(seen.contains)
        meters = showsMeters ? known + seen.subtracting(known).sorted() : []
    }

    /// The whole table; a line of headings and one of totals at least.
    var text: String { fitted.text }

    /// The table as far as it fits, and a note of what does not.
    var fitted: (text: String, note: String?) {
        let headings =
            ["START"] + groups.map { $0.uppercased() } + ["REQUESTS"] + meters.map(Self.heading) + ["COST USD"]
        let rows = lines.map { line in
            [String(line.start.dropLast(excess))] + groups.map { Self.name(of: $0, in: line.result) } + [
                line.result["requests"].plain
            ]
                + meters.map { Self.count($0, in: line.result).description } + [line.result["cost"].plain]
        }
        let total =
            ["TOTAL"] + groups.map { _ in "" } + [requests]
            + meters.map { meter in sum { Self.count(meter, in: $0) } } + [sum { Self.number($0["cost"]) }]
        let first = groups.count + 1
        return TableText.rows(
            rows + [total], headings: headings, numbers: Set(first..<headings.count),
            kept: Set(0...first).union([headings.count - 1]), whole: [0], width: width)
    }

    /// Characters at the end of each start that say nothing: midnights, or seconds.
    private var excess: Int {
        let ends = ["T00:00:00Z", ":00Z"]
        return ends.first { end in lines.allSatisfy { $0.start.hasSuffix(end) } }?.count ?? 0
    }

    /// Writes the table to the standard output, what does not fit to the standard error.
    func show() {
        TableText.show(fitted)
    }

    private func sum(_ number: (JSONValue) -> Decimal) -> String {
        lines.reduce(Decimal(0)) { $0 + number($1.result) }.description
    }

    /// By meter every request is told once for each meter it used, so their sum means nothing.
    private var requests: String {
        groups.contains("meter") ? "-" : sum { Self.number($0["requests"]) }
    }

    private static func heading(_ meter: String) -> String {
        units[meter] ?? meter.uppercased().replacing("_", with: " ") + " TOKENS"
    }

    /// A name where there is one, else the id; `-` for none.
    private static func name(of group: String, in result: JSONValue) -> String {
        let named = result["\(group)_name"]
        return TableText.cell(named == .null ? result[group] : named)
    }

    private static func count(_ meter: String, in result: JSONValue) -> Decimal {
        number(result["tokens"][meter])
    }

    private static func number(_ value: JSONValue) -> Decimal {
        switch value {
        case .number(let number): number
        case .string(let text): Decimal(string: text) ?? 0
        default: 0
        }
    }
}
