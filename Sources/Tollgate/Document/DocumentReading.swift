/// One pass over a document: remembers every fault, where each value stood, and which names nobody asked for.
final class DocumentReading {
    /// What `{ env: NAME }` is looked up in.
    let environment: [String: String]
    private(set) var faults: [DocumentFault] = []
    private var places: [String: DocumentPlace] = [:]
    private var sections: [DocumentSection] = []

    init(environment: [String: String]) {
        self.environment = environment
    }

    /// Records a fault.
    func fail(_ place: DocumentPlace, _ text: String) {
        faults.append(DocumentFault(place: place, text: text))
    }

    /// Records a fault of the value at `path`, which should have been found before.
    func fail(at path: String, _ text: String) {
        fail(places[path] ?? .line(1), "\(path) \(text)")
    }

    /// Opens a mapping for reading by name; anything else is a fault and reads as an empty one.
    func section(_ value: DocumentValue, path: String) -> DocumentSection {
        var members: [DocumentValue.Member] = []
        switch value.content {
        case .mapping(let present): members = present
        case .null: break
        default: fail(value.place, "\(path.isEmpty ? "the document" : path) must be a mapping, not \(value.kind)")
        }
        let section = DocumentSection(members, path: path, place: value.place, reading: self)
        sections.append(section)
        return section
    }

    /// Remembers where the value at `path` stands.
    func note(_ place: DocumentPlace, at path: String) {
        places[path] = place
    }

    /// Where the value at `path` stands; nil if none was found there.
    func place(of path: String) -> DocumentPlace? { places[path] }

    /// Adds the unknown names to the faults and throws if there is any fault at all.
    func finish(file: String?) throws(DocumentFaults) {
        for section in sections { section.reportUnknown() }
        // The sections refer to this reading.
        sections.removeAll()
        guard faults.isEmpty else {
            throw DocumentFaults(file: file, faults: faults.sorted { Self.line($0) < Self.line($1) })
        }
    }

    /// What stands in no line comes last.
    private static func line(_ fault: DocumentFault) -> Int {
        if case .line(let line) = fault.place { line } else { Int.max }
    }
}
