import CHeap
import Glibc

/// Runs one target, and stops the process when an input takes too long or leaks.
package final class Harness {
    private static let secondsAllowed = 1.0
    /// Every so many inputs one of them is run as a long one.
    private static let repeatEvery = 1_000
    private static let longInput = 64 * 1024
    /// Every so many inputs one of them is run again and again, to see whether memory is left behind.
    private static let leakCheckEvery = 5_000
    private static let leakRounds = 200
    private static let leakBytesAllowed = 64 * leakRounds

    private let target: (UnsafeRawBufferPointer) -> Void
    private var runs = 0

    /// Chooses by the environment variable FUZZ_TARGET.
    package init<Target: FuzzTarget>(_ targets: Target.Type) {
        let name = getenv("FUZZ_TARGET").map { String(cString: $0) } ?? ""
        guard let target = Target(rawValue: name) else {
            let names = Target.allCases.map { $0.rawValue }.joined(separator: ", ")
            fatalError("FUZZ_TARGET must be one of \(names)")
        }
        self.target = { target.run($0) }
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
        precondition(seconds <= Self.secondsAllowed, "\(input.count) bytes took \(seconds) s of processor time")
    }

    /// What is quadratic shows only in long inputs, which a fuzzer does not come to by itself.
    private func repeated(_ input: UnsafeRawBufferPointer) {
        guard !input.isEmpty else { return }
        var long: [UInt8] = []
        while long.count < Self.longInput { long += input }
        long.withUnsafeBytes { time($0) }
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
