/// What a usage query tells apart.
public enum UsageGroup: Hashable, Sendable {
    case tenant
    case key
    case model
    case pool
    case backend
    case meter
    /// A label of the key, or of its tenant where the key has none of that name.
    case tag(String)

    private static let tagPrefix = "tag:"

    /// Groups one query may tell apart; each more is compared with all before it.
    static let countMaximum = 32

    /// Reads `tenant`, `key`, `model`, `pool`, `backend`, `meter` or `tag:NAME`; nil for anything else.
    public init?(_ text: String) {
        switch text {
        case "tenant": self = .tenant
        case "key": self = .key
        case "model": self = .model
        case "pool": self = .pool
        case "backend": self = .backend
        case "meter": self = .meter
        default:
            guard text.hasPrefix(Self.tagPrefix), text.utf8.count > Self.tagPrefix.utf8.count else { return nil }
            self = .tag(String(text.dropFirst(Self.tagPrefix.count)))
        }
    }

    /// The same as `init` reads; also the member's name in answers.
    public var text: String {
        switch self {
        case .tenant: "tenant"
        case .key: "key"
        case .model: "model"
        case .pool: "pool"
        case .backend: "backend"
        case .meter: "meter"
        case .tag(let name): Self.tagPrefix + name
        }
    }

    /// Reads a list such as `tenant,model`; nil if a word is unknown or named twice, or there are too many.
    public static func list(_ text: String) -> [UsageGroup]? {
        var groups: [UsageGroup] = []
        for word in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard groups.count < countMaximum, let group = UsageGroup(String(word)), !groups.contains(group) else {
                return nil
            }
            groups.append(group)
        }
        return groups
    }
}
