import NIOCore
import Testing

@testable import Proxy

@Suite struct ReceiveRoomTests {
    @Test(arguments: [16 * 1024, 64 * 1024])
    func `a connection keeps no buffer that is large`(mostBytes: Int) {
        let room = ReceiveRoom(mostBytes: mostBytes)
        var pool = NIOPooledRecvBufferAllocator(capacity: 1, recvAllocator: room)
        var sizes: [Int] = []
        for _ in 1...20 {
            // As much as there is room for, so that the next one is larger.
            var (buffer, read) = pool.buffer(allocator: ByteBufferAllocator()) {
                $0.writeRepeatingByte(1, count: $0.writableBytes)
            }
            pool.record(actualReadBytes: read)
            sizes.append(buffer.capacity)
            if buffer.capacity > ReceiveRoom.keptBytes { #expect(!Self.isShared(&buffer)) }
        }
        #expect(sizes.max() == mostBytes)
    }

    @Test func `small reads share one buffer`() {
        var pool = NIOPooledRecvBufferAllocator(capacity: 1, recvAllocator: ReceiveRoom())
        var places: [UInt] = []
        for _ in 1...20 {
            let (buffer, read) = pool.buffer(allocator: ByteBufferAllocator()) {
                $0.writeRepeatingByte(1, count: 700)
            }
            pool.record(actualReadBytes: read)
            places.append(Self.place(of: buffer))
        }
        #expect(Set(places.suffix(10)).count == 1)
    }

    /// Whether somebody else keeps the buffer: writing to it then makes a copy.
    private static func isShared(_ buffer: inout ByteBuffer) -> Bool {
        let before = place(of: buffer)
        buffer.setInteger(UInt8(2), at: 0)
        return place(of: buffer) != before
    }

    private static func place(of buffer: ByteBuffer) -> UInt {
        buffer.withVeryUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
    }
}
