import Foundation
import Fuzzing
import Tenancy
import Testing

/// Runs the targets of the Admin API without the fuzzer, whose build of them takes minutes: over every input that is
/// kept, and over some that a seed makes of those. What is wrong stops the process, as it does there.
@Suite struct AdminReplayTests {
    private static let mutations = 200
    private static let folder = URL(filePath: #filePath).appending(path: "../../../..").standardized

    private static func inputs(_ kind: String, of target: AdminTarget) throws -> [[UInt8]] {
        let place = folder.appending(path: kind).appending(path: target.rawValue)
        guard FileManager.default.fileExists(atPath: place.path) else { return [] }
        return try FileManager.default.contentsOfDirectory(at: place, includingPropertiesForKeys: nil)
            .sorted { $0.path < $1.path }
            .map { Array(try Data(contentsOf: $0)) }
    }

    @Test("every input that is kept passes, and so does what a seed makes of them", arguments: AdminTarget.allCases)
    func replay(target: AdminTarget) throws {
        let kept = try Self.inputs("Corpus", of: target)
        try #require(!kept.isEmpty, "there is nothing in Fuzz/Corpus/\(target)")
        for input in try kept + Self.inputs("Failures", of: target) { input.withUnsafeBytes { target.run($0) } }
        let given = ProcessInfo.processInfo.environment["TOLLGATE_REPLAY_SEED"].flatMap { UInt64($0) }
        let seed = given ?? .random(in: 0 ... .max)
        // Unbuffered, so that it is there when the process is stopped.
        FileHandle.standardError.write(Data("fuzz \(target): TOLLGATE_REPLAY_SEED=\(seed)\n".utf8))
        var dice = SplitMix64(seed: seed)
        for _ in 0..<Self.mutations {
            mutated(kept, &dice).withUnsafeBytes { target.run($0) }
        }
    }

    /// The beginning of one and the end of another, with some bytes changed.
    private func mutated(_ kept: [[UInt8]], _ dice: inout SplitMix64) -> [UInt8] {
        let (first, second) = (kept.randomElement(using: &dice) ?? [], kept.randomElement(using: &dice) ?? [])
        var bytes =
            first.prefix(.random(in: 0...first.count, using: &dice))
            + second
            .suffix(.random(in: 0...second.count, using: &dice))
        guard !bytes.isEmpty else { return [] }
        for _ in 0..<Int.random(in: 0...4, using: &dice) {
            bytes[.random(in: bytes.indices, using: &dice)] = .random(in: 0...255, using: &dice)
        }
        return Array(bytes)
    }
}
