import Tenancy

/// One value as a cell of a table, in words and with its unit.
struct CellText: Sendable {
    /// How the cells of a column stand below each other.
    enum Alignment: Sendable {
        case left
        case right
        /// The decimal points below each other.
        case point
    }

    /// Nil: times are exact.
    let now: Timestamp?

    /// Names of amounts of US dollars.
    private static let money: Set<String> = [
        "limit", "posted", "held", "remaining", "amount", "cost", "charge", "excess", "list_cost", "upstream_cost",
        "limit_without_raises",
    ]
    private static let decimals: Set<String> = ["price_multiplier"]
    private static let instants: Set<String> = ["effective_from", "window_start", "until", "at", "not_after", "now"]

    /// Whether a member of that name is an amount of US dollars.
    static func isMoney(_ name: String) -> Bool { money.contains(name) }

    /// How a column of that name is set.
    static func alignment(_ name: String, _ values: [JSONValue]) -> Alignment {
        if money.contains(name) || decimals.contains(name) { return .point }
        let numbers = values.allSatisfy { value in
            if case .number = value { true } else { value == .null }
        }
        return numbers && values.contains { $0 != .null } ? .right : .left
    }

    /// The value of a member, or `-` for none; times relative to now.
    func text(_ value: JSONValue, of name: String) -> String {
        let text = words(value, of: name)
        return text.isEmpty ? "-" : Self.printable(text)
    }

    /// The same for a line of its own: amounts with their unit, times also exact.
    func detail(_ value: JSONValue, of name: String) -> String {
        let text = text(value, of: name)
        if value == .null { return text }
        if Self.money.contains(name) { return text + " USD" }
        if let instant = instant(value, of: name) { return "\(text) (\(instant.rfc3339))" }
        return text
    }

    /// What names a thing and what matters most of it, then the rest by name.
    private static let leading = ["id", "name", "public_id", "pool", "input", "output"]

    private static func isBefore(_ left: String, _ right: String) -> Bool {
        let places = [left, right].map { leading.firstIndex(of: $0) ?? leading.count }
        return places[0] == places[1] ? left < right : places[0] < places[1]
    }

    private func instant(_ value: JSONValue, of name: String) -> Timestamp? {
        guard name.hasSuffix("_at") || Self.instants.contains(name) else { return nil }
        return value.string.flatMap { Timestamp(rfc3339: $0) }
    }

    private func words(_ value: JSONValue, of name: String) -> String {
        switch value {
        case .bool(let flag): return flag ? "yes" : "no"
        case .array(let values):
            let isOfObjects = name != "targets" && values.contains { if case .object = $0 { true } else { false } }
            return values.map { words($0, of: name) }.joined(separator: isOfObjects ? "; " : ", ")
        case .object(let members) where members["pool"] != nil && name == "targets":
            let renamed = members["upstream_model"]?.string.map { " as \($0)" } ?? ""
            return words(members["pool"] ?? .null, of: "pool") + renamed
        case .object(let members):
            return members.filter { $0.value != .null }.sorted { Self.isBefore($0.key, $1.key) }.map { name, value in
                "\(name) \(words(value, of: name))"
            }.joined(separator: ", ")
        default:
            guard let now, let instant = instant(value, of: name) else { return value.plain }
            return RelativeTime.text(instant, now: now)
        }
    }

    /// Control and direction characters must not reach the terminal.
    private static func printable(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map {
                    [.control, .format].contains($0.properties.generalCategory) ? " " : $0
                }))
    }
}
