import Tenancy

/// SHA-256 over records of fields that nothing can be read two ways from.
///
/// Each record is hashed with the hash of all before it: SHA-256 over the 32 bytes before (of the line given at the
/// start and a newline) and the record. A field is its length in bytes, a colon and its UTF-8 bytes; one that is null
/// is a minus sign; each ends with a newline.
struct CanonicalHash: Sendable, Equatable {
    private(set) var bytes: [UInt8]

    /// Begins with a line that names what is hashed, and with what came before it, if anything did.
    init(_ title: String, after previous: String? = nil) {
        bytes = SecretBytes.sha256(Array("\(title)\n\(previous ?? "")".utf8))
    }

    /// Adds one record.
    mutating func add(_ fields: [String?]) {
        var record: [UInt8] = []
        for field in fields {
            if let field {
                record += "\(field.utf8.count):".utf8
                record += field.utf8
            } else {
                record.append(UInt8(ascii: "-"))
            }
            record.append(UInt8(ascii: "\n"))
        }
        add(canonical: record)
    }

    /// Adds one record that is written so already.
    mutating func add(canonical record: some Sequence<UInt8>) {
        bytes = SecretBytes.sha256(bytes + record)
    }

    /// 64 hexadecimal digits.
    var hex: String { SecretBytes.hex(bytes) }
}
