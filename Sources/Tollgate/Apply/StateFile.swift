/// A state file read and checked: what should exist, in the Admin API's own nouns and fields.
struct StateFile {
    /// The file's name, for errors.
    let file: String
    /// `{"pools":[…],"models":[…],"prices":[…],"tenants":[…]}`, with only what the file names.
    let wanted: JSONValue
    private let reading: DocumentReading

    /// Reads the text; throws `DocumentFaults` with everything that is wrong, each with its line.
    init(_ text: String, file: String, environment: [String: String]) throws(DocumentFaults) {
        let document: DocumentValue
        do {
            document = try DocumentText.parse(text)
        } catch {
            throw DocumentFaults(file: file, faults: [error])
        }
        let reading = DocumentReading(environment: environment)
        let wanted = FieldKind.readObject(document, "", reading, fields: Field.state)
        try reading.finish(file: file)
        self.file = file
        self.wanted = wanted ?? .object([:])
        self.reading = reading
    }

    /// `state.yaml: line 12`, for something the file asks for; nil for what it does not.
    func place(of path: String) -> String? {
        reading.place(of: path).map { "\(file): \($0)" }
    }

    /// Refuses names written twice and references to what neither the file nor the server has.
    func check(against server: ServerState, prune: Bool) throws(DocumentFaults) {
        StateReferences(wanted: wanted, server: server, prune: prune, reading: reading).check()
        try reading.finish(file: file)
    }
}
