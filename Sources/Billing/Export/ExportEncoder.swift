/// Writes rows as the bytes of one file. What it writes depends on the rows and the facts alone.
protocol ExportEncoder {
    /// What comes before the first row.
    mutating func begin() throws -> [UInt8]
    /// The rows, in their order.
    mutating func rows(_ rows: [ExportRow]) throws -> [UInt8]
    /// What comes after the last row.
    mutating func end() throws -> [UInt8]
    /// Lines of the file that stand for something: a heading is none.
    var count: Int64 { get }
}

extension ExportEncoder {
    mutating func end() throws -> [UInt8] { [] }
}
