import Foundation
import Tenancy
import Testing

@testable import Billing

struct HoldFileTests {
    private let path = NSTemporaryDirectory() + "holds-" + UUID().uuidString

    private func hold(_ number: Int, model: String = "m") -> Hold {
        Hold(
            StoredHold(
                id: HoldID(request: "req_\(number)", attempt: 1), tenantID: ID("ten_1"), keyID: ID("key_1"),
                model: model, pool: "p", backendID: "", amount: Money(pico: Int128(number)),
                admittedAt: Timestamp(microseconds: 0), isUncertain: false, priceVersion: nil, multiplierPPM: 1))
    }

    private func names(_ file: HoldFile) throws -> [String] { try file.leftovers().map(\.id.request).sorted() }

    @Test func anotherProcessFindsWhatWasPut() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let file = try HoldFile(path: path)
        try file.reset()
        let numbers = 1...HoldFile.growth * 2 + 3
        for number in numbers { try file.put(hold(number)) }
        #expect(try HoldFile(path: path).leftovers().map(\.amount.pico).sorted() == numbers.map { Int128($0) })
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    @Test func freePlacesAreUsedAgain() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let file = try HoldFile(path: path)
        try file.reset()
        let first = hold(1)
        try file.put(first)
        let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
        for number in 2...1000 {
            let next = hold(number)
            try file.put(next)
            file.free([next])
        }
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int == size)
        // What ended stays readable until its place is taken; the ledger knows that it ended.
        #expect(try names(file) == ["req_1", "req_1000"])
    }

    @Test func anErasedHoldIsGone() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let file = try HoldFile(path: path)
        try file.reset()
        let (gone, kept) = (hold(1), hold(2))
        try file.put(gone)
        try file.put(kept)
        file.erase(gone)
        file.erase(gone)
        #expect(try names(file) == ["req_2"])
        try file.reset()
        #expect(try names(file) == [])
    }

    @Test func aDiskThatTakesNothingIsSaid() {
        let full = open("/dev/full", O_RDWR)
        #expect(full >= 0)
        let file = HoldFile(descriptor: full)
        let refused = hold(1)
        #expect(throws: LedgerError.unavailable("holds: No space left on device")) { try file.put(refused) }
        #expect(refused.place == nil)
    }

    @Test func namesThatDoNotFitAreRefusedAndTakeNoPlace() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let file = try HoldFile(path: path)
        try file.reset()
        let long = hold(1, model: String(repeating: "m", count: 2000))
        #expect(throws: LedgerError.rejected("the hold's names are too long")) { try file.put(long) }
        let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
        for number in 1...HoldFile.growth { try file.put(hold(number)) }
        #expect(try file.leftovers().count == HoldFile.growth)
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int == size)
    }
}
