/// The path of a route: `/admin/v1/tenants/{tenant}/keys`. `{name...}` at its end takes the rest of the path.
struct RoutePath: Sendable, Equatable {
    private enum Part: Sendable, Equatable {
        case fixed(Substring)
        case one(String)
        case rest(String)

        init(_ text: Substring) {
            guard text.hasPrefix("{"), text.hasSuffix("}") else {
                self = .fixed(text)
                return
            }
            let name = text.dropFirst().dropLast()
            self = name.hasSuffix("...") ? .rest(String(name.dropLast(3))) : .one(String(name))
        }

        /// Lower is more exact.
        var rank: Int {
            switch self {
            case .fixed: 0
            case .one: 1
            case .rest: 2
            }
        }
    }

    /// As it was written.
    let text: String
    private let parts: [Part]

    init(_ text: String) {
        self.text = text
        parts = Self.segments(text).map(Part.init)
    }

    /// The parts between slashes; empty ones count, so that `/a/` is not `/a`. By bytes: a slash with a combining mark
    /// behind it is one character.
    static func segments(_ path: String) -> [Substring] {
        let slash = UInt8(ascii: "/")
        return path.utf8.dropFirst(path.utf8.first == slash ? 1 : 0)
            .split(separator: slash, omittingEmptySubsequences: false).map(Substring.init)
    }

    /// The parameters' values as they stand in the path, or nil if this is another path. No value is empty.
    func parameters(in segments: [Substring]) -> [String: String]? {
        var values: [String: String] = [:]
        for (index, part) in parts.enumerated() {
            guard index < segments.count else { return nil }
            let segment = segments[index]
            switch part {
            case .fixed(let text): guard text == segment else { return nil }
            case .one(let name):
                guard !segment.isEmpty else { return nil }
                values[name] = String(segment)
            case .rest(let name):
                let rest = segments[index...].joined(separator: "/")
                guard !rest.isEmpty else { return nil }
                values[name] = rest
                return values
            }
        }
        return parts.count == segments.count ? values : nil
    }

    /// Names of the parameters, in order.
    var names: [String] {
        parts.compactMap { part in
            switch part {
            case .fixed: nil
            case .one(let name), .rest(let name): name
            }
        }
    }

    /// As a URI template.
    var template: String { text.replacing("...}", with: "}") }

    /// Whether this path is to be tried before the other: a fixed part wins over a parameter.
    func isMoreExact(than other: RoutePath) -> Bool {
        parts.lazy.map(\.rank).lexicographicallyPrecedes(other.parts.lazy.map(\.rank))
    }
}
