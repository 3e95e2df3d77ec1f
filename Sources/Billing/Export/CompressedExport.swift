/// A file as gzip.
struct CompressedExport: ExportPart {
    private var part: any ExportPart
    private let gzip: GzipStream
    private var isOver = false

    init(_ part: any ExportPart) throws(ExportError) {
        self.part = part
        gzip = try GzipStream()
    }

    mutating func next() throws -> [UInt8]? {
        if isOver { return nil }
        if let piece = try part.next() { return try gzip.add(piece) }
        isOver = true
        return try gzip.finish()
    }
}
