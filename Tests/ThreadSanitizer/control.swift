import Glibc
import Synchronization

// What scripts/tsan.sh tries first: with "race" ThreadSanitizer must complain, and without it must not, although the
// lock is contended. The threads are made by hand: tasks may all run one after the other on one thread, which is no
// race.
final class Shared: @unchecked Sendable {
    let isRace: Bool
    let lock = Mutex(())
    var count = 0

    init(isRace: Bool) {
        self.isRace = isRace
    }

    func add() {
        for _ in 0..<20_000 {
            if isRace { count &+= 1 } else { lock.withLock { _ in count &+= 1 } }
        }
    }
}

@main
enum Control {
    static func main() {
        let shared = Shared(isRace: CommandLine.arguments.contains("race"))
        var threads: [pthread_t] = []
        for _ in 0..<4 {
            var thread = pthread_t()
            let argument = Unmanaged.passRetained(shared).toOpaque()
            let made = pthread_create(
                &thread, nil,
                { @Sendable argument in
                    if let argument { Unmanaged<Shared>.fromOpaque(argument).takeRetainedValue().add() }
                    return nil
                }, argument)
            if made == 0 { threads.append(thread) }
        }
        for thread in threads { pthread_join(thread, nil) }
        print(shared.count)
    }
}
