/// How long the answer to a failed login is held back, by the address it came from. Pure rules, everything bounded.
///
/// Only failures wait, never a good credential: who mistypes where others guess waits two seconds at most, and is in
/// with the right one at once. So a good login clears nothing, or whoever has any key at all would guess the others'
/// without being slowed.
struct LoginDelays {
    private struct Record {
        var failures: Int
        var lastAt: Int64
    }

    /// Failures in a row that are answered at once.
    static let freeFailures = 5
    /// Milliseconds after that, doubled with each further one.
    static let firstMS: Int64 = 100
    /// Milliseconds at most.
    static let limitMS: Int64 = 2000
    /// Nanoseconds without a failure after which an address is forgotten.
    static let memoryNS: Int64 = 60_000_000_000
    /// Addresses remembered; with more, those that are new are held back longest.
    static let addressLimit = 4096
    /// Answers held back at a time.
    static let waitLimit = 256

    private var records: [String: Record] = [:]
    private(set) var waiting = 0

    /// Milliseconds to hold the answer back, `leave` to be called after that; nil if too many are held back already.
    mutating func fail(_ address: String, at now: Int64) -> Int64? {
        let delay = delay(address, at: now)
        if delay == 0 { return 0 }
        guard waiting < Self.waitLimit else { return nil }
        waiting += 1
        return delay
    }

    /// An answer that was held back is on its way.
    mutating func leave() { waiting -= 1 }

    private mutating func delay(_ address: String, at now: Int64) -> Int64 {
        if records[address] == nil, records.count >= Self.addressLimit {
            records = records.filter { now - $0.value.lastAt < Self.memoryNS }
            guard records.count < Self.addressLimit else { return Self.limitMS }
        }
        var record = records[address] ?? Record(failures: 0, lastAt: now)
        if now - record.lastAt >= Self.memoryNS { record.failures = 0 }
        record.failures = min(record.failures + 1, 64)
        record.lastAt = now
        records[address] = record
        let beyond = record.failures - Self.freeFailures
        guard beyond > 0 else { return 0 }
        return beyond > 5 ? Self.limitMS : min(Self.firstMS << Int64(beyond - 1), Self.limitMS)
    }
}
