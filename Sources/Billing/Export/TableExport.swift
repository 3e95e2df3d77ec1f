import Tenancy

/// A file of a month's rows, as one encoder writes them.
struct TableExport<Encoder: ExportEncoder>: ExportPart {
    private var rows: ExportRowsStore
    private var encoder: Encoder
    private var isBegun = false
    private var isOver = false

    init(_ rows: ExportRowsStore, _ encoder: Encoder) {
        self.rows = rows
        self.encoder = encoder
    }

    mutating func next() throws -> [UInt8]? {
        if isOver { return nil }
        guard isBegun else {
            isBegun = true
            return try encoder.begin()
        }
        if let next = try rows.next() {
            var bytes: [UInt8] = []
            for row in next {
                bytes += try encoder.rows([row])
                WorkerThread.giveWay()
            }
            return bytes
        }
        isOver = true
        return try encoder.end()
    }
}
