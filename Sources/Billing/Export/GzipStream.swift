import CZlib

/// Bytes as gzip, piece by piece; the same bytes always give the same ones.
final class GzipStream {
    private static let bufferSize = 64 << 10
    /// Levels above gain little on such tables and cost much time.
    private static let level: Int32 = 6

    private let stream: UnsafeMutablePointer<z_stream>

    /// Throws `ExportError.compression`.
    init() throws(ExportError) {
        let made = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        made.initialize(to: z_stream())
        guard czlib_gzip_init(made, Self.level) == Z_OK else {
            made.deallocate()
            throw .compression
        }
        stream = made
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    /// What is ready of the bytes so far; the rest comes later.
    func add(_ bytes: [UInt8]) throws(ExportError) -> [UInt8] { try run(bytes, Z_NO_FLUSH) }

    /// What is left.
    func finish() throws(ExportError) -> [UInt8] { try run([], Z_FINISH) }

    private func run(_ bytes: [UInt8], _ flush: Int32) throws(ExportError) -> [UInt8] {
        var bytes = bytes
        var output: [UInt8] = []
        var status = Z_OK
        bytes.withUnsafeMutableBufferPointer { input in
            stream.pointee.next_in = input.baseAddress
            stream.pointee.avail_in = UInt32(clamping: input.count)
            repeat {
                let piece = [UInt8](unsafeUninitializedCapacity: Self.bufferSize) { buffer, count in
                    stream.pointee.next_out = buffer.baseAddress
                    stream.pointee.avail_out = UInt32(Self.bufferSize)
                    status = deflate(stream, flush)
                    count = Self.bufferSize - Int(stream.pointee.avail_out)
                }
                output += piece
            } while stream.pointee.avail_out == 0
            stream.pointee.next_in = nil
        }
        guard status == Z_OK || status == Z_BUF_ERROR || status == Z_STREAM_END else { throw .compression }
        return output
    }
}
