import Billing
import NIOCore
import Testing

@testable import Proxy

/// Answers of many providers, read as each of them means it: whole, and split at every byte.
struct UsageFixtureTests {
    @Test
    func `all fixtures are there and name known meters`() throws {
        let fixtures = try UsageFixture.read()
        #expect(fixtures.count >= 55)
        for fixture in fixtures {
            for name in (fixture.expected.usage ?? [:]).keys { #expect(Meter(rawValue: name) != nil, "\(name)") }
        }
    }

    @Test(arguments: UsageFixture.all.filter { !$0.isStream })
    func `a whole answer is read as its provider means it`(_ fixture: UsageFixture) {
        let reading = WholeReading(ByteBuffer(string: fixture.text), fixture.dialect)
        expect(reading, fixture)
        if let bytes = fixture.expected.text_bytes { #expect(reading.scanner.textBytes == bytes) }
    }

    @Test(arguments: UsageFixture.all.filter { !$0.isStream })
    func `a long answer is read the same, wherever it was split`(_ fixture: UsageFixture) {
        let bytes = Array(fixture.text.utf8)
        for split in bytes.indices {
            var sieve = AnswerSieve()
            bytes[..<split].withUnsafeBytes { sieve.feed($0) }
            bytes[split...].withUnsafeBytes { sieve.feed($0) }
            expect(sieve.reading(fixture.dialect), fixture)
        }
    }

    private func expect(_ reading: WholeReading, _ fixture: UsageFixture) {
        #expect(reading.scanner.latest == fixture.reading)
        #expect(reading.scanner.images == fixture.expected.images ?? 0)
        #expect(reading.fault?.reason == fixture.expected.fault)
    }

    /// What came of one stream.
    private struct Relayed: Equatable {
        var bytes = ByteBuffer()
        var heldBack = ByteBuffer()
        var reading: UsageReading?
        var isComplete = false
        var fault: String?
        var endFault: String?
        var images: Int64 = 0
        var textBytes: Int64 = 0
    }

    @Test(arguments: UsageFixture.all.filter(\.isStream), ["\n", "\r\n", "\r"])
    func `a stream is read the same and sent on the same, wherever it was split`(
        _ fixture: UsageFixture, _ lineEnd: String
    ) {
        let text = fixture.text.replacing("\n", with: lineEnd)
        let bytes = Array(text.utf8)
        let whole = relay([bytes[...]], fixture)
        #expect(whole.reading == fixture.reading)
        #expect(whole.isComplete == fixture.expected.complete ?? true)
        #expect(whole.fault == fixture.expected.fault)
        #expect(whole.endFault == fixture.expected.end_fault)
        #expect(whole.images == fixture.expected.images ?? 0)
        if let bytes = fixture.expected.text_bytes { #expect(whole.textBytes == bytes) }
        if fixture.expected.fault == nil, fixture.expected.hides_usage != true {
            #expect(String(buffer: whole.bytes) + String(buffer: whole.heldBack) == text)
        }
        if fixture.expected.hides_usage == true {
            #expect(!String(buffer: whole.bytes).contains("usage"))
            #expect(!String(buffer: whole.heldBack).contains("usage"))
        }
        if fixture.expected.fault == nil { #expect(whole.heldBack.readableBytes > 0) }
        for split in bytes.indices.dropFirst() {
            #expect(relay([bytes[..<split], bytes[split...]], fixture) == whole)
        }
        #expect(relay(bytes.indices.map { bytes[$0...$0] }, fixture) == whole)
    }

    private func relay(_ pieces: [ArraySlice<UInt8>], _ fixture: UsageFixture) -> Relayed {
        let relay = EventRelay(
            fixture.dialect, hidesUsage: fixture.expected.hides_usage ?? false, images: fixture.expected.images ?? 0)
        var relayed = Relayed()
        for piece in pieces {
            if let bytes = relay.feed(ByteBuffer(bytes: piece)) { relayed.bytes.writeImmutableBuffer(bytes) }
        }
        if let bytes = relay.finish() { relayed.bytes.writeImmutableBuffer(bytes) }
        relayed.heldBack = relay.heldBack
        relayed.reading = relay.scanner.latest
        relayed.isComplete = relay.isComplete
        relayed.fault = relay.fault?.reason
        relayed.endFault = relay.endFault?.reason
        relayed.images = relay.scanner.images
        relayed.textBytes = relay.scanner.textBytes
        return relayed
    }
}
