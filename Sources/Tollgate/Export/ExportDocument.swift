import Foundation
import Tenancy

/// A manifest as it was saved.
struct ExportDocument {
    /// A file it lists.
    struct File {
        let name: String
        let format: String
        let dataset: String?
        let rows: Int64
        let bytes: Int64
        let sha256: String
    }

    private static let mark = Array(",\"digest\":\"".utf8)

    /// What it is saved as.
    let name: String
    let json: JSONValue
    let files: [File]
    /// The digest it says of itself, and the one it has.
    let digests: (told: String, found: String)
    /// Of all its bytes: what the manifest of the month closed next names.
    let sha256: String

    /// nil if it is none.
    init?(_ bytes: [UInt8], name: String) {
        guard let json = JSONValue(bytes: bytes), let told = json["digest"].string,
            let cut = Self.lastMark(bytes)
        else { return nil }
        self.name = name
        self.json = json
        digests = (told, SecretBytes.hex(SecretBytes.sha256(Array(bytes[..<cut]) + [UInt8(ascii: "}")])))
        sha256 = SecretBytes.hex(SecretBytes.sha256(bytes))
        files = json["files"].items.compactMap { file in
            guard let name = file["name"].string, let format = file["format"].string,
                let sha256 = file["sha256"].string, case .number(let rows) = file["rows"],
                case .number(let bytes) = file["bytes"], !name.contains("/")
            else { return nil }
            return File(
                name: name, format: format, dataset: file["file"].string,
                rows: NSDecimalNumber(decimal: rows).int64Value,
                bytes: NSDecimalNumber(decimal: bytes).int64Value, sha256: sha256)
        }
    }

    /// The last ledger entry that counts.
    var lastSequence: String { json["ledger_sequence"].plain }

    /// `2026-11`
    var period: String { json["period"].plain }

    var isClosed: Bool { json["status"].string == "closed" }

    /// Whether it tells of the month without any filter: of a closed month, the one that the next names.
    var isWhole: Bool { json["filters"].members.isEmpty }

    /// Whether what providers charge is in its files.
    var isUpstream: Bool { json["filters"]["view"].string == "upstream" }

    /// In the order of closing, from 1; nil for a month that is not closed.
    var number: Int? { Int(json["number"].plain) }

    /// The month closed before; nil if none was.
    var previousPeriod: String? { json["previous_period"].string }

    /// What it says of each tenant.
    var totals: [String: JSONValue] {
        json["totals"].items.reduce(into: [:]) { $0[$1["tenant_id"].plain] = $1 }
    }

    private static func lastMark(_ bytes: [UInt8]) -> Int? {
        guard bytes.count >= mark.count else { return nil }
        return (0...(bytes.count - mark.count)).last { bytes[$0..<($0 + mark.count)].elementsEqual(mark) }
    }
}
