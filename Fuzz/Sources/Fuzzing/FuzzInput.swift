import NIOCore
import Tenancy

/// An input's bytes: choices are taken from its front, the rest is text.
package struct FuzzInput {
    private var rest: UnsafeRawBufferPointer

    /// All of an input.
    package init(_ bytes: UnsafeRawBufferPointer) {
        rest = bytes
    }

    /// The next byte; 0 when there is none.
    package mutating func byte() -> UInt8 {
        guard let first = rest.first else { return 0 }
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst())
        return first
    }

    /// The lowest bit of the next byte.
    package mutating func flag() -> Bool {
        byte() & 1 == 1
    }

    /// One of `choices`, decided by the next byte.
    package mutating func pick<Choice>(_ choices: [Choice]) -> Choice {
        choices[Int(byte()) % choices.count]
    }

    /// A generator that the next byte seeds.
    package mutating func dice() -> SplitMix64 {
        SplitMix64(seed: UInt64(byte()))
    }

    /// The bytes up to the next line feed.
    package mutating func line() -> String {
        let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.endIndex
        let line = String(decoding: rest[..<end], as: UTF8.self)
        rest = UnsafeRawBufferPointer(rebasing: rest[end...].dropFirst())
        return line
    }

    /// What was not taken yet.
    package var bytes: ByteBuffer { ByteBuffer(bytes: rest) }

    /// The same as text; what is no UTF-8 is mended.
    package var text: String { String(decoding: rest, as: UTF8.self) }

    /// The same as an array.
    package var array: [UInt8] { Array(rest) }
}

extension ByteBuffer {
    /// The bytes in pieces of random length.
    package func pieces(_ dice: inout SplitMix64) -> [ByteBuffer] {
        var left = self
        var pieces: [ByteBuffer] = []
        let longest = Int.random(in: 1...64, using: &dice)
        while left.readableBytes > 0 {
            let length = min(Int.random(in: 1...longest, using: &dice), left.readableBytes)
            if let piece = left.readSlice(length: length) { pieces.append(piece) }
        }
        return pieces
    }
}
