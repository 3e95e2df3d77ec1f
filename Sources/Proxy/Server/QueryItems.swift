/// The query of a request target, each name once.
struct QueryItems {
    private var values: [String: String] = [:]
    /// The first name that was given twice.
    private var repeated: String?

    init(target: String) {
        let query = target.utf8.drop { $0 != UInt8(ascii: "?") }.dropFirst().prefix { $0 != UInt8(ascii: "#") }
        for item in query.split(separator: UInt8(ascii: "&")) {
            let parts = item.split(
                separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false
            ).map { Substring($0) }
            let name = PercentCoding.decoded(parts[0])
            let value = parts.count == 2 ? PercentCoding.decoded(parts[1]) : ""
            if values.updateValue(value, forKey: name) != nil { repeated = repeated ?? name }
        }
    }

    /// Takes a parameter out; nil if absent.
    mutating func take(_ name: String) -> String? {
        values.removeValue(forKey: name)
    }

    /// The denial for the first name that was given twice; nil if there is none.
    func repetition() -> Denial? {
        repeated.map { .badParameter($0, "is given twice") }
    }

    /// The denial for what was repeated, or was not taken and so is unknown; nil if all is well.
    func denial() -> Denial? {
        repetition() ?? values.keys.min().map { .badParameter($0, "is unknown") }
    }
}
