/// All that is wrong with a document, in the order it stands there.
struct DocumentFaults: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file's name; nil for the environment or the command line alone.
    let file: String?
    let faults: [DocumentFault]

    /// One line a fault.
    var description: String {
        faults.map { fault in
            guard case .line = fault.place else { return fault.description }
            return file.map { "\($0): \(fault)" } ?? fault.text
        }.joined(separator: "\n")
    }
}
