/// Which tenants and keys a download is about: those with a tag, or with one value of it.
public struct ExportTag: Sendable, Equatable {
    /// The tag's name.
    public let name: String
    /// Its value; nil: any.
    public let value: String?

    /// Reads `cost_center` or `cost_center:42`; nil without a name.
    public init?(_ text: String) {
        // By bytes: a colon with a combining mark behind it is one character, which is no colon.
        let parts = text.utf8.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = parts.first, !name.isEmpty else { return nil }
        self.name = String(Substring(name))
        value = parts.count == 2 ? String(Substring(parts[1])) : nil
    }

    /// As it was written.
    public var text: String { value.map { name + ":" + $0 } ?? name }

    /// Whether these labels have it.
    func matches(_ tags: [String: String]) -> Bool {
        guard let found = tags[name] else { return false }
        return value.map { $0 == found } ?? true
    }
}
