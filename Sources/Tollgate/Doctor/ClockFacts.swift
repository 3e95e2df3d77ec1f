import Foundation

/// What the system says of its clock.
enum ClockFacts {
    /// More bytes than the kernel's `timex` has; all zero, it asks and sets nothing.
    private static let timexBytes = 512
    /// What the call answers where nothing keeps the clock right (`TIME_ERROR`).
    private static let unsynchronized: Int32 = 5

    /// Whether something keeps it right; nil where the system does not tell.
    static var isSynchronized: Bool? {
        // Swift's view of the C library lacks <sys/timex.h>; the call itself is there.
        guard let symbol = dlsym(dlopen(nil, RTLD_NOW), "adjtimex") else { return nil }
        let ask = unsafeBitCast(symbol, to: (@convention(c) (UnsafeMutableRawPointer) -> Int32).self)
        var state = [UInt64](repeating: 0, count: timexBytes / 8)
        let answer = state.withUnsafeMutableBytes { bytes in bytes.baseAddress.map(ask) ?? -1 }
        return answer < 0 ? nil : answer != unsynchronized
    }
}
