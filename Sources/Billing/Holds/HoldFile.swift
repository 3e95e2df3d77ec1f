import Synchronization

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Where live holds survive the death of the process: a file of fixed places beside the database, mapped into memory.
///
/// A hold is copied to a free place, and the system keeps what is there when the process dies. Its place is free again
/// once its entry is in the ledger; what it held stays there until the next hold overwrites it, so whoever reads the
/// file must ask the ledger which attempts have ended. Places are taken from any thread.
final class HoldFile: Sendable {
    /// Where one hold is kept.
    ///
    /// Unchecked because the memory it points to belongs to whoever holds the place, and the file outlives it.
    struct Place: @unchecked Sendable {
        fileprivate let bytes: UnsafeMutableRawBufferPointer
    }

    /// Bytes from one place to the next.
    static let placeBytes = HoldRecord.capacity
    /// Places the file grows by.
    static let growth = 256
    private static let stepBytes = growth * placeBytes

    private struct Places {
        /// Last used first: its page is in the cache.
        var free: [Place] = []
        var steps: [UnsafeMutableRawPointer] = []
    }

    private let descriptor: Int32
    private let places = Mutex(Places())

    /// Opens the file or makes it, for its owner alone. Throws `LedgerError.unavailable`.
    convenience init(path: String) throws(LedgerError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .unavailable("\(path): \(Self.reason())") }
        self.init(descriptor: descriptor)
    }

    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit {
        unmap()
        close(descriptor)
    }

    // MARK: Holding

    /// Stores a hold; once this returns it survives the process. Throws `LedgerError`, and then nothing is stored.
    func put(_ hold: Hold) throws(LedgerError) {
        let place = try takePlace()
        if HoldRecord.encode(hold.row, into: place.bytes) != nil {
            hold.place = place
            return
        }
        places.withLock { $0.free.append(place) }
        throw .rejected("the hold's names are too long")
    }

    /// Frees the places of holds whose entries are stored.
    func free(_ holds: some Sequence<Hold>) {
        places.withLock { places in
            for hold in holds {
                guard let place = hold.place else { continue }
                hold.place = nil
                places.free.append(place)
            }
        }
    }

    /// Takes back a hold that has no entry and gets none.
    func erase(_ hold: Hold) {
        guard let place = hold.place else { return }
        HoldRecord.erase(place.bytes)
        free(CollectionOfOne(hold))
    }

    /// Waits until every hold stored so far survives a power cut. Throws `LedgerError.unavailable`.
    func sync() throws(LedgerError) {
        while fdatasync(descriptor) != 0 {
            guard errno == EINTR else { throw .unavailable("holds: \(Self.reason())") }
        }
    }

    // MARK: Starting

    /// What an earlier process left, ended attempts among them. Throws `LedgerError.unavailable`.
    func leftovers() throws(LedgerError) -> [StoredHold] {
        var found: [StoredHold] = []
        var offset = 0
        var bytes = [UInt8](repeating: 0, count: Self.placeBytes)
        while true {
            let count = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, off_t(offset)) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .unavailable("holds: \(Self.reason())") }
            if count == 0 { return found }
            let hold = bytes.withUnsafeBytes { HoldRecord.decode(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            if let hold { found.append(hold) }
            offset += Self.placeBytes
        }
    }

    /// Empties the file, once what was left in it is stored elsewhere and before the first hold. Throws
    /// `LedgerError.unavailable`.
    func reset() throws(LedgerError) {
        unmap()
        guard ftruncate(descriptor, 0) == 0 else { throw .unavailable("holds: \(Self.reason())") }
    }

    // MARK: Places

    private func takePlace() throws(LedgerError) -> Place {
        let place = places.withLock { places -> Place? in
            if let place = places.free.popLast() { return place }
            guard let step = grow(from: places.steps.count) else { return nil }
            places.steps.append(step)
            for index in (0..<Self.growth).reversed() {
                let bytes = UnsafeMutableRawBufferPointer(
                    start: step + index * Self.placeBytes, count: Self.placeBytes)
                places.free.append(Place(bytes: bytes))
            }
            return places.free.popLast()
        }
        guard let place else { throw .unavailable("holds: \(Self.reason())") }
        return place
    }

    /// Makes the file longer by one step of places. The zeros are written, so that the file system has set room aside
    /// for every hold before there is one: memory without a place on disk would end the process.
    private func grow(from steps: Int) -> UnsafeMutableRawPointer? {
        let zeros = [UInt8](repeating: 0, count: Self.stepBytes)
        let start = steps * Self.stepBytes
        var written = 0
        while written < zeros.count {
            let count = zeros.withUnsafeBytes { bytes in
                let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
                return pwrite(descriptor, rest.baseAddress, rest.count, off_t(start + written))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return nil }
            written += count
        }
        let access = PROT_READ | PROT_WRITE
        let mapped = mmap(nil, Self.stepBytes, access, MAP_SHARED, descriptor, off_t(start))
        return mapped == MAP_FAILED ? nil : mapped
    }

    private func unmap() {
        places.withLock { places in
            for step in places.steps { munmap(step, Self.stepBytes) }
            places = Places()
        }
    }

    private static func reason() -> String { String(cString: strerror(errno)) }
}
