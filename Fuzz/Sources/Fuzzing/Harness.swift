import CHeap
import Glibc

/// Runs one target, and stops the process when an input takes too long or leaks.
package final class Harness {
    /// Unless the environment variable FUZZ_SECONDS allows more, where a sanitizer takes time of its own.
    private static let secondsAllowed = 1.0
    /// Every so many inputs one of them is run as a long one.
    private static let repeatEvery = 1_000
    private static let longInput = 64 * 1024
    /// Every so many inputs one of them is run again and again, to see whether memory is left behind.
    private static let leakCheckEvery = 5_000
    private static let leakRounds = 200
    private static let leakBytesAllowed = 64 * leakRounds

    private let target: (UnsafeRawBufferPointer) -> Void
    private let secondsAllowed: Double
    private var runs = 0

    /// Chooses by the environment variable FUZZ_TARGET.
    package init<Target: FuzzTarget>(_ targets: Target.Type) {
        let name = getenv("FUZZ_TARGET").map { String(cString: $0) } ?? ""
        guard let target = Target(rawValue: name) else {
            let names = Target.allCases.map { $0.rawValue }.joined(separator: ", ")
            fatalError("FUZZ_TARGET must be one of \(names)")
        }
        self.target = { target.run($0) }
        let seconds = getenv("FUZZ_SECONDS").map { String(cString: $0) }
        guard let allowed = seconds.map({ Double($0) }) ?? Self.secondsAllowed, allowed > 0 else {
            fatalError("FUZZ_SECONDS must be a number of seconds")
        }
        secondsAllowed = allowed
        Self.checkHeapCount()
    }

    /// Runs one input.
    package func run(_ input: UnsafeRawBufferPointer) {
        time(input)
        runs += 1
        if runs % Self.repeatEvery == 0 { repeated(input) }
        if runs % Self.leakCheckEvery == 0 { checkForLeaks(input) }
    }

    private func time(_ input: UnsafeRawBufferPointer) {
        let started = Self.processorSeconds()
        target(input)
        let seconds = Self.processorSeconds() - started
        precondition(seconds <= secondsAllowed, "\(input.count) bytes took \(seconds) s of processor time")
    }

    /// What is quadratic shows only in long inputs, which a fuzzer does not come to by itself.
    private func repeated(_ input: UnsafeRawBufferPointer) {
        guard !input.isEmpty else { return }
        var long: [UInt8] = []
        while long.count < Self.longInput { long += input }
        long.withUnsafeBytes { time($0) }
    }

    /// A count that misses what is allocated would find no leak.
    private static func checkHeapCount() {
        let bytes = 1 << 16
        let before = heap_bytes_in_use()
        let block = [UInt8](repeating: 1, count: bytes)
        let after = heap_bytes_in_use()
        precondition(after >= before + bytes, "the heap is not counted")
        // It is read only now, so that it cannot have been given back, or left out, before.
        precondition(block.allSatisfy { $0 == 1 })
    }

    private func checkForLeaks(_ input: UnsafeRawBufferPointer) {
        // Caches fill in the first round.
        for _ in 0..<2 { target(input) }
        let before = heap_bytes_in_use()
        for _ in 0..<Self.leakRounds { target(input) }
        let after = heap_bytes_in_use()
        precondition(
            after <= before + Self.leakBytesAllowed, "\(Self.leakRounds) runs left \(after - before) bytes behind")
    }

    /// Processor time, so that a machine that is busy elsewhere makes no hang.
    private static func processorSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
