import NIOCore
import Testing

@testable import Proxy

@Suite("ReusedBuffer")
struct ReusedBufferTests {
    @Test func memoryThatASocketHasTakenIsUsedAgain() {
        var reused = ReusedBuffer()
        var first = reused.take(100)
        first.writeString("the first answer")
        let place = Self.place(of: first)
        reused.keep(first)
        first = ByteBuffer()
        let second = reused.take(50)
        #expect(second.readableBytes == 0)
        #expect(Self.place(of: second) == place)
    }

    @Test func whatASocketStillHoldsIsNotTouched() {
        var reused = ReusedBuffer()
        var slow = reused.take(100)
        slow.writeString("a client that does not read")
        reused.keep(slow)
        var next = reused.take(100)
        next.writeString("another client's answer, which is longer")
        #expect(String(buffer: slow) == "a client that does not read")
        #expect(String(buffer: next) == "another client's answer, which is longer")
        #expect(Self.place(of: slow) != Self.place(of: next))
    }

    @Test func roomIsMadeForMore() {
        var reused = ReusedBuffer()
        reused.keep(reused.take(10))
        #expect(reused.take(5000).writableBytes >= 5000)
    }

    @Test func aLargeOneIsNotKept() {
        var reused = ReusedBuffer()
        reused.keep(reused.take(ReusedBuffer.keptBytes + 1))
        #expect(reused.take(10).capacity < ReusedBuffer.keptBytes)
    }

    private static func place(of buffer: ByteBuffer) -> UnsafeRawPointer? {
        buffer.withVeryUnsafeBytes { $0.baseAddress }
    }
}
