import NIOCore

/// The memory that a connection's bytes are read into. NIO's own grows with what comes, up to 64 KiB, and stays as long
/// as the connection does; this does so while it is small, and a larger one lasts for its read.
///
/// The channel must read once a turn (`maxMessagesPerRead` 1): one that reads more often keeps what it has read into.
struct ReceiveRoom: RecvByteBufferAllocator {
    /// No larger one stays, in bytes.
    static let keptBytes = 2048

    private var sizes: AdaptiveRecvByteBufferAllocator

    /// - Parameter mostBytes: the most that is read at once.
    init(mostBytes: Int = 64 * 1024) {
        sizes = AdaptiveRecvByteBufferAllocator(minimum: 64, initial: Self.keptBytes, maximum: mostBytes)
    }

    func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
        sizes.buffer(allocator: allocator)
    }

    /// In bytes; nil where the channel is to keep none.
    func nextBufferSize() -> Int? {
        sizes.nextBufferSize().flatMap { $0 <= Self.keptBytes ? $0 : nil }
    }

    /// Whether the channel has to ask for a buffer, instead of reading into the one it has.
    mutating func record(actualReadBytes: Int) -> Bool {
        let mayGrow = sizes.record(actualReadBytes: actualReadBytes)
        return mayGrow || nextBufferSize() == nil
    }
}
