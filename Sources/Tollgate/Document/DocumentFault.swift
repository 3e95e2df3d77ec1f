/// One thing that is wrong with a document.
struct DocumentFault: Error, Sendable, Equatable, CustomStringConvertible {
    let place: DocumentPlace
    let text: String

    var description: String { "\(place): \(text)" }
}
