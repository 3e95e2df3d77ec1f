import Billing
import Fuzzing
import NIOCore
import Tenancy

@testable import Proxy

/// What an answer says of its usage is the same however its bytes were cut, and never below zero.
enum UsageTarget {
    static func run(_ bytes: UnsafeRawBufferPointer) {
        var input = FuzzInput(bytes)
        let seed = input.byte()
        let choices = input.byte()
        // Read both ways and in every dialect, whatever it is.
        for dialect in Dialect.allCases {
            var dice = SplitMix64(seed: UInt64(seed))
            readStream(input.bytes, dialect, &dice, hidesUsage: choices & 2 == 2, images: Int64(choices >> 6))
            readWhole(input.bytes, dialect, &dice)
        }
    }

    private static func readWhole(_ body: ByteBuffer, _ dialect: Dialect, _ dice: inout SplitMix64) {
        let whole = WholeReading(body, dialect)
        check(whole.scanner)
        var sieve = AnswerSieve()
        for piece in body.pieces(&dice) { piece.withUnsafeReadableBytes { sieve.feed($0) } }
        let split = sieve.reading(dialect)
        check(split.scanner)
        // The sieve is less strict, so it reads more; what both take they read alike.
        guard whole.fault != .malformed else { return }
        precondition(whole.fault == split.fault)
        precondition(whole.scanner.latest == split.scanner.latest)
        precondition(whole.scanner.tiers == split.scanner.tiers && whole.scanner.images == split.scanner.images)
    }

    private static func readStream(
        _ stream: ByteBuffer, _ dialect: Dialect, _ dice: inout SplitMix64, hidesUsage: Bool, images: Int64
    ) {
        let make = { EventRelay(dialect, hidesUsage: hidesUsage, images: images) }
        let (whole, wholeOut) = relay([stream], make())
        let (split, splitOut) = relay(stream.pieces(&dice), make())
        check(whole.scanner)
        precondition(whole.scanner.latest == split.scanner.latest && whole.scanner.tiers == split.scanner.tiers)
        precondition(whole.fault == split.fault && whole.endFault == split.endFault)
        precondition(whole.isComplete == split.isComplete && whole.isAnswer == split.isAnswer)
        precondition(wholeOut == splitOut && whole.heldBack == split.heldBack)
        // Comments before a stream that is nothing but its end mark stay behind.
        guard !hidesUsage, whole.fault == nil, wholeOut.readableBytes > 0 else { return }
        var out = wholeOut
        out.writeImmutableBuffer(whole.heldBack)
        // The last event may have been given its end; a failure reported after the end mark is left out.
        let longest = min(out.readableBytes, stream.readableBytes)
        let common = whole.isComplete ? min(longest, wholeOut.readableBytes) : longest
        precondition(out.readableBytesView.prefix(common) == stream.readableBytesView.prefix(common))
    }

    private static func relay(_ pieces: [ByteBuffer], _ relay: EventRelay) -> (EventRelay, ByteBuffer) {
        var out = ByteBuffer()
        for piece in pieces {
            if let bytes = relay.feed(piece) { out.writeImmutableBuffer(bytes) }
        }
        if let bytes = relay.finish() { out.writeImmutableBuffer(bytes) }
        return (relay, out)
    }

    private static func check(_ scanner: UsageScanner) {
        precondition(scanner.images >= 0 && scanner.textBytes >= 0 && scanner.texts >= 0)
        guard let reading = scanner.latest else { return }
        for meter in Meter.allCases { precondition(reading.usage[meter] >= 0, "\(meter) is below zero") }
        precondition(reading.usage.total >= reading.usage.inputTotal)
        if let cost = reading.providerCost { precondition(cost >= .zero) }
    }
}
