import Tenancy

/// Writes random JSON texts from a seed: odd spacing, escapes, nesting, members in any order.
struct RandomBody: RandomNumberGenerator {
    private var source: SplitMix64

    init(seed: UInt64) {
        source = SplitMix64(seed: seed)
    }

    mutating func next() -> UInt64 { source.next() }

    mutating func below(_ bound: Int) -> Int {
        Int.random(in: 0..<bound, using: &self)
    }

    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[below(elements.count)]
    }

    mutating func chance(_ percent: Int) -> Bool {
        below(100) < percent
    }

    mutating func space() -> String {
        chance(60) ? "" : pick([" ", "\n", "\t", "\r\n", "  \t ", "\n\n    "])
    }

    mutating func string() -> String {
        let pieces = [
            "a", "model", "\\\"", "\\\\", "\\u0041", "\\ud83d\\ude00", "é", "日本", "😀", "\\n", "{", "}", ",", "\\/",
            "max_tokens", " ", "usage", "0123456789abcdef",
        ]
        return "\"" + (0..<below(6)).map { _ in pick(pieces) }.joined() + "\""
    }

    mutating func value(depth: Int = 0) -> String {
        switch below(depth > 3 ? 6 : 8) {
        case 0: return pick(["true", "false"])
        case 1: return "null"
        case 2: return pick(["0", "-0", "12", "-7", "1.5", "2e3", "1E-2", "-0.25e+1", "4096"])
        case 3, 4, 5: return string()
        case 6: return array((0..<below(4)).map { _ in value(depth: depth + 1) })
        default: return object((0..<below(4)).map { ("\"k\($0)\"", value(depth: depth + 1)) })
        }
    }

    mutating func array(_ elements: [String]) -> String {
        "[" + space() + elements.map { space() + $0 + space() }.joined(separator: ",") + "]"
    }

    mutating func object(_ members: [(key: String, value: String)]) -> String {
        let texts = members.map { space() + $0.key + space() + ":" + space() + $0.value + space() }
        return "{" + (texts.isEmpty ? space() : texts.joined(separator: ",")) + "}"
    }

    /// A valid chat request.
    mutating func chat() -> String {
        var members: [(key: String, value: String)] = [
            (pick(["\"model\"", "\"mod\\u0065l\""]), pick(["\"alpha\"", "\"al\\u0070ha\"", "\"beta \\\"2\\\"\""])),
            ("\"messages\"", array((0..<1 + below(3)).map { _ in message() })),
        ]
        if chance(60) { members.append(("\"max_tokens\"", pick(["1", "77", "null", "2147483647"]))) }
        if chance(50) { members.append(("\"max_completion_tokens\"", pick(["5", "600", "null"]))) }
        if chance(60) { members.append(("\"stream\"", pick(["true", "true", "false", "null"]))) }
        if chance(50) { members.append(("\"stream_options\"", streamOptions())) }
        if chance(40) { members.append(("\"store\"", pick(["true", "false", "null"]))) }
        if chance(30) { members.append(("\"n\"", pick(["1", "3", "null"]))) }
        for index in 0..<below(4) { members.append(("\"other\(index)\"", value())) }
        return space() + object(members.shuffled(using: &self)) + space()
    }

    private mutating func streamOptions() -> String {
        if chance(20) { return "null" }
        var members: [(key: String, value: String)] = []
        if chance(60) { members.append(("\"include_usage\"", pick(["true", "false", "null"]))) }
        if chance(40) { members.append(("\"include_obfuscation\"", pick(["true", "false"]))) }
        return object(members.shuffled(using: &self))
    }

    private mutating func message() -> String {
        let text = object([("\"type\"", "\"text\""), ("\"text\"", string())])
        return object([("\"role\"", "\"user\""), ("\"content\"", chance(70) ? string() : array([text]))])
    }
}
