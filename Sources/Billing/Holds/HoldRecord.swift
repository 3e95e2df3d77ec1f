import Tenancy

/// A hold as bytes, checked so that a torn or foreign record reads as none.
///
/// Layout, little-endian: CRC-32 (IEEE) of all that follows (4 bytes), the payload's length (2), then the payload:
/// amount in picodollars (8), admitted at in microseconds (8), multiplier in ppm (8), attempt (4), and the texts
/// request, tenant, key, model, pool, backend and price version, each with its length (2); a length of 65535 is no
/// price version.
enum HoldRecord {
    /// Bytes a record may have; names are limited to far less where they are made.
    static let capacity = 1024

    private static let headBytes = 6
    private static let absent = UInt16.max

    /// Writes the record at the start of `bytes` and answers its length; nil if it does not fit.
    static func encode(_ hold: StoredHold, into bytes: UnsafeMutableRawBufferPointer) -> Int? {
        guard let amount = hold.amount.line.ledgerLine else { return nil }
        var writer = Writer(bytes: bytes, offset: headBytes)
        writer.put(amount)
        writer.put(hold.admittedAt.microseconds)
        writer.put(hold.multiplierPPM)
        writer.put(Int32(clamping: hold.id.attempt))
        writer.put(hold.id.request)
        writer.put(hold.tenantID.text)
        writer.put(hold.keyID.text)
        writer.put(hold.model)
        writer.put(hold.pool)
        writer.put(hold.backendID)
        if let price = hold.priceVersion { writer.put(price) } else { writer.put(absent) }
        guard writer.fits, let payload = UInt16(exactly: writer.offset - headBytes), bytes.count >= headBytes else {
            return nil
        }
        bytes.storeBytes(of: payload.littleEndian, toByteOffset: 4, as: UInt16.self)
        let checked = UnsafeRawBufferPointer(rebasing: bytes[4..<writer.offset])
        bytes.storeBytes(of: CRC32.checksum(checked).littleEndian, toByteOffset: 0, as: UInt32.self)
        return writer.offset
    }

    /// Makes what is at the start of `bytes` no record.
    static func erase(_ bytes: UnsafeMutableRawBufferPointer) {
        for index in 0..<min(headBytes, bytes.count) { bytes[index] = 0 }
    }

    /// The hold at the start of `bytes`; nil if there is none, or not a whole one.
    static func decode(_ bytes: UnsafeRawBufferPointer) -> StoredHold? {
        guard bytes.count >= headBytes else { return nil }
        let checksum = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt32.self))
        let payload = Int(UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt16.self)))
        guard payload > 0, headBytes + payload <= bytes.count else { return nil }
        let record = UnsafeRawBufferPointer(rebasing: bytes[..<(headBytes + payload)])
        guard CRC32.checksum(UnsafeRawBufferPointer(rebasing: record[4...])) == checksum else { return nil }
        var reader = Reader(bytes: record, offset: headBytes)
        guard let amount = reader.integer(Int64.self), let admittedAt = reader.integer(Int64.self),
            let multiplier = reader.integer(Int64.self), let attempt = reader.integer(Int32.self),
            let request = reader.text(), let tenant = reader.text(), let key = reader.text(),
            let model = reader.text(), let pool = reader.text(), let backend = reader.text()
        else { return nil }
        return StoredHold(
            id: HoldID(request: request, attempt: Int(attempt)), tenantID: ID(tenant), keyID: ID(key), model: model,
            pool: pool, backendID: backend, amount: Money(pico: Int128(amount)),
            admittedAt: Timestamp(microseconds: admittedAt), isUncertain: true, priceVersion: reader.text(),
            multiplierPPM: multiplier
        )
    }

    private struct Writer {
        let bytes: UnsafeMutableRawBufferPointer
        var offset: Int
        var fits = true

        mutating func put(_ value: some FixedWidthInteger) {
            withUnsafeBytes(of: value.littleEndian) { append($0) }
        }

        mutating func put(_ text: String) {
            let count = text.utf8.count
            guard count < Int(absent) else {
                fits = false
                return
            }
            put(UInt16(count))
            // Without a copy of the string, which would have to be counted.
            let isWritten: Void? = text.utf8.withContiguousStorageIfAvailable { append(UnsafeRawBufferPointer($0)) }
            if isWritten == nil { Array(text.utf8).withUnsafeBytes { append($0) } }
        }

        private mutating func append(_ source: UnsafeRawBufferPointer) {
            guard fits, source.count <= bytes.count - offset else {
                fits = false
                return
            }
            UnsafeMutableRawBufferPointer(rebasing: bytes[offset...]).copyMemory(from: source)
            offset += source.count
        }
    }

    private struct Reader {
        let bytes: UnsafeRawBufferPointer
        var offset: Int

        mutating func integer<Value: FixedWidthInteger & BitwiseCopyable>(_: Value.Type) -> Value? {
            guard bytes.count - offset >= MemoryLayout<Value>.size else { return nil }
            defer { offset += MemoryLayout<Value>.size }
            return Value(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Value.self))
        }

        mutating func text() -> String? {
            guard let length = integer(UInt16.self), length != absent, Int(length) <= bytes.count - offset else {
                return nil
            }
            defer { offset += Int(length) }
            return String(decoding: bytes[offset..<(offset + Int(length))], as: UTF8.self)
        }
    }
}
