/// What an answer looks like: every member it always has, null where it may be null. A name with `?` behind it stands
/// for a member that is there when it is asked for, one with `*` for all whose names begin so.
struct Sample: Sendable {
    /// The name of its schema in the document.
    let name: String
    let json: JSONValue

    init(_ name: String, _ json: JSONValue) {
        self.name = name
        self.json = json
    }
}
