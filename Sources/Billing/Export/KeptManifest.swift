/// A closed month's manifest from the shelf, or on its way there.
struct KeptManifest: ExportPart {
    private let shelf: ManifestShelf
    private let name: String
    private let made: @Sendable () throws -> any ExportPart
    private var part: (any ExportPart)?
    private var isOver = false

    /// - Parameter made: makes it, if the shelf has none.
    init(_ shelf: ManifestShelf, _ name: String, _ made: @escaping @Sendable () throws -> any ExportPart) {
        self.shelf = shelf
        self.name = name
        self.made = made
    }

    mutating func next() throws -> [UInt8]? {
        if isOver { return nil }
        if part == nil {
            if let kept = shelf.manifest(name) {
                isOver = true
                return kept
            }
            part = try made()
        }
        let piece = try part?.next()
        if let piece, !piece.isEmpty { shelf.keep(piece, name) }
        return piece
    }
}
