/// One kind of thing the Admin API keeps, as the command line needs to know it.
struct Resource: Sendable {
    /// How one of them is named in a path.
    enum Naming: Sendable {
        /// By its id.
        case id
        /// By its name, one segment of the path.
        case name
        /// By its name, the rest of the path; such resources are put whole.
        case rest
    }

    /// Plural, and the first segment of the path.
    let name: String
    let singular: String
    let naming: Naming
    /// What lists show.
    let columns: [String]
    /// What can be set.
    let fields: [Field]
    /// Those of the fields that stay as they were created.
    var fixed: Set<String> = []

    /// What an update can set.
    var changeable: [Field] { fields.filter { !fixed.contains($0.name) } }

    /// The path of one of them.
    func path(of reference: String) -> String {
        switch naming {
        case .id, .name: PathText.join(name, reference)
        case .rest: PathText.rest(reference, of: name)
        }
    }

    /// Whether deleting one means revoking it.
    var isRevoked: Bool { name.hasSuffix("keys") }

    /// What deleting one is said to have done.
    var ending: String { isRevoked ? "revoked" : name == "tenants" ? "archived" : "deleted" }

    /// `a tenant`, `an admin key`.
    var one: String { (singular.hasPrefix("a") ? "an " : "a ") + singular }

    /// What the argument that names one is.
    var reference: String {
        switch naming {
        case .name, .rest: "Its name."
        case .id where name == "tenants": "Its id or name."
        case .id where name == "backends": "Its id, or pool/name."
        case .id: "Its id."
        }
    }

    /// Whether it is put whole instead of patched.
    var isPutWhole: Bool {
        if case .rest = naming { true } else { false }
    }
}
