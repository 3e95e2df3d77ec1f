/// One field that a resource of the Admin API takes; the command line and state files share these lists.
struct Field: Sendable {
    let name: String
    let kind: FieldKind
    /// Whether a new resource needs it.
    var required = false
    /// Whether null means something.
    var nullable = false
    /// What its absence means within a list that is replaced whole.
    var standard = JSONValue.null

    init(
        _ name: String, _ kind: FieldKind, required: Bool = false, nullable: Bool = false,
        standard: JSONValue = .null
    ) {
        self.name = name
        self.kind = kind
        self.required = required
        self.nullable = nullable
        self.standard = standard
    }

    /// How help lists it: its name, and the names of what is inside as `--set` takes them.
    var listed: [String] {
        let own = required ? "\(name) (required)" : name
        switch kind {
        case .object(let fields): return [own] + fields.flatMap(\.listed).map { "\(name).\($0)" }
        case .objects(let fields): return [own] + fields.flatMap(\.listed).map { "\(name)[].\($0)" }
        default: return [own]
        }
    }
}
