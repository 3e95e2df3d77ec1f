/// The query of a request target, each name once.
struct QueryItems {
    private var values: [String: String] = [:]
    /// The first name that was given twice.
    private var repeated: String?

    init(target: String) {
        guard let mark = target.firstIndex(of: "?") else { return }
        let query = target[target.index(after: mark)...].prefix { $0 != "#" }
        for item in query.split(separator: "&") {
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = PercentCoding.decoded(parts[0])
            let value = parts.count == 2 ? PercentCoding.decoded(parts[1]) : ""
            if values.updateValue(value, forKey: name) != nil { repeated = repeated ?? name }
        }
    }

    /// Takes a parameter out; nil if absent.
    mutating func take(_ name: String) -> String? {
        values.removeValue(forKey: name)
    }

    /// The denial for what was repeated, or was not taken and so is unknown; nil if all is well.
    func denial() -> Denial? {
        if let repeated { return .badParameter(repeated, "is given twice") }
        return values.keys.min().map { .badParameter($0, "is unknown") }
    }
}
