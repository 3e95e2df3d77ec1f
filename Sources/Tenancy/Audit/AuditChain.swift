/// Ties each audit entry to all before it: a changed, missing or moved entry breaks every hash from there on.
///
/// The hash of an entry is SHA-256 over the line `tollgate audit 1`, the 32 bytes of the hash before it (zeros for the
/// first), and then, each followed by a newline, its fields in this order: seq, id, at (microseconds since 1970),
/// actor, action, subject, before, after, request id. A field is its length in bytes, a colon and its UTF-8 bytes; one
/// that is null is a minus sign.
enum AuditChain {
    /// What stands before the first entry.
    static let start = [UInt8](repeating: 0, count: 32)

    static func hash(_ entry: AuditEntry, sequence: Int64, after previous: [UInt8]) -> [UInt8] {
        var bytes = Array("tollgate audit 1\n".utf8) + previous
        let fields: [String?] = [
            String(sequence), entry.id.text, String(entry.at.microseconds), entry.actor, entry.action, entry.subject,
            entry.before, entry.after, entry.requestID,
        ]
        for field in fields {
            if let field {
                bytes += "\(field.utf8.count):".utf8
                bytes += field.utf8
            } else {
                bytes.append(UInt8(ascii: "-"))
            }
            bytes.append(UInt8(ascii: "\n"))
        }
        return SecretBytes.sha256(bytes)
    }
}
