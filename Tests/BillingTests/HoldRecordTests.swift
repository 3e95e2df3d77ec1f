import Tenancy
import Testing

@testable import Billing

struct HoldRecordTests {
    static func hold(_ model: String = "m", price: String? = "prc_1", attempt: Int = 2) -> StoredHold {
        StoredHold(
            id: HoldID(request: "req_a", attempt: attempt), tenantID: ID("ten_1"), keyID: ID("key_1"), model: model,
            pool: "päol", backendID: "", amount: Money(pico: 123_456_789), admittedAt: Timestamp(microseconds: 99),
            isUncertain: true, priceVersion: price, multiplierPPM: 1_000_000)
    }

    private func bytes(_ hold: StoredHold) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0xAA, count: HoldRecord.capacity)
        let length = bytes.withUnsafeMutableBytes { HoldRecord.encode(hold, into: $0) }
        return length.map { Array(bytes[..<$0]) }
    }

    private func decode(_ bytes: [UInt8]) -> StoredHold? { bytes.withUnsafeBytes(HoldRecord.decode) }

    @Test(arguments: [hold(), hold("", price: nil), hold(String(repeating: "ü", count: 400)), hold(price: "")])
    func whatIsWrittenIsRead(hold: StoredHold) throws {
        let written = try #require(bytes(hold))
        #expect(decode(written) == hold)
        // What an earlier, longer record left behind plays no part.
        #expect(decode(written + [1, 2, 3]) == hold)
    }

    @Test func aNameIsReadOnlyAsItIsWritten() {
        #expect(HoldID("req_a.2") == HoldID(request: "req_a", attempt: 2))
        for text in ["req_a.+2", "req_a.02", "req_a.-0", "req_a.", ".2", "req_a"] { #expect(HoldID(text) == nil) }
    }

    @Test func anyChangedByteMakesItNone() throws {
        let written = try #require(bytes(Self.hold()))
        for place in written.indices {
            var torn = written
            torn[place] ^= 0x10
            #expect(decode(torn) == nil, "byte \(place)")
        }
        for length in 0..<written.count { #expect(decode(Array(written[..<length])) == nil) }
    }

    @Test func zerosAndNoiseAreNoRecord() {
        #expect(decode([UInt8](repeating: 0, count: HoldRecord.capacity)) == nil)
        #expect(decode([UInt8](repeating: 0xFF, count: HoldRecord.capacity)) == nil)
        #expect(decode([]) == nil)
    }

    @Test(arguments: [1000, 70_000])
    func namesThatDoNotFitAreRefused(length: Int) {
        #expect(bytes(Self.hold(String(repeating: "m", count: length))) == nil)
    }
}
