import Synchronization

// What scripts/tsan.sh tries first: with "race" ThreadSanitizer must complain, and without it must not, although the
// lock is contended.
final class Shared: @unchecked Sendable {
    let lock = Mutex(())
    var count = 0
}

@main
enum Control {
    static func main() async {
        let shared = Shared()
        let isRace = CommandLine.arguments.contains("race")
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<20_000 {
                        if isRace { shared.count &+= 1 } else { shared.lock.withLock { _ in shared.count &+= 1 } }
                    }
                }
            }
        }
        print(shared.count)
    }
}
