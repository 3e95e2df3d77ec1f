import Support
import Synchronization
import Tenancy
import Testing

@testable import Billing

struct DiskRoomTests {
    @Test func itLooksOnceASecond() {
        let free = Mutex<UInt64?>(DiskRoom.reserve)
        let looks = Mutex(0)
        let room = DiskRoom {
            looks.withLock { $0 += 1 }
            return free.withLock { $0 }
        }
        #expect(room.isEnough(at: 5))
        free.withLock { $0 = DiskRoom.reserve - 1 }
        #expect(room.isEnough(at: 1_000_000_004))
        #expect(looks.withLock { $0 } == 1)
        #expect(!room.isEnough(at: 1_000_000_005))
        free.withLock { $0 = nil }
        #expect(room.isEnough(at: 2_000_000_005))
    }

    @Test func theRealDiskIsAsked() {
        #expect(DiskRoom(path: "/").isEnough(at: 0))
        #expect(DiskRoom(path: "/nowhere/at/all").isEnough(at: 0))
    }

    @Test func withoutRoomHoldsAreRefusedAndEndsAreStored() async throws {
        let free = Mutex<UInt64?>(.max)
        let fixture = try LedgerFixture(room: DiskRoom { free.withLock { $0 } })
        let budget = try await fixture.budget(100)
        let early = try fixture.held(fixture.claim(10))
        #expect(await fixture.record(early) == nil)
        free.withLock { $0 = 0 }
        fixture.clock.advance(milliseconds: 1000)
        let late = try fixture.held(fixture.claim(10))
        #expect(await fixture.record(late) == .unavailable("the disk is almost full"))
        #expect(!fixture.ledger.isWritable)
        #expect(await fixture.settle(early, cost: 4) == nil)
        #expect(fixture.figures(budget) == [4, 0, 96])
        free.withLock { $0 = .max }
        fixture.clock.advance(milliseconds: 1000)
        #expect(fixture.ledger.isWritable)
        try await fixture.spend(1)
    }
}
