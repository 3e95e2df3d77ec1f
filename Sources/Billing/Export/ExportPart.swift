/// One file of a month, made piece by piece.
protocol ExportPart {
    /// The next bytes, perhaps none yet; nil after the last. Blocks while a page is read.
    mutating func next() throws -> [UInt8]?
}
