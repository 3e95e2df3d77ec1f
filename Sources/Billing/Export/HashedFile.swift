import Tenancy

/// A file that is written and forgotten but for its digest.
struct HashedFile<Encoder: ExportEncoder>: ~Copyable {
    private var encoder: Encoder
    private var digest = DigestStream()

    init(_ encoder: Encoder) throws {
        self.encoder = encoder
        digest.add(try self.encoder.begin())
    }

    mutating func add(_ rows: [ExportRow]) throws {
        if !rows.isEmpty { digest.add(try encoder.rows(rows)) }
    }

    /// What it came to; nothing can be added after it.
    mutating func finish(
        _ name: String, _ format: ExportFormat, _ dataset: FocusDataset? = nil
    ) throws -> ExportManifest.File {
        digest.add(try encoder.end())
        return ExportManifest.File(
            name: name, format: format, dataset: dataset, rows: encoder.count, bytes: digest.count,
            sha256: digest.finish())
    }
}
