#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A detached thread of our own, so that long computations never occupy a shared pool.
public enum WorkerThread {
    /// How far a thread stands back. On Linux niceness and scheduling class belong to the thread.
    public enum Rank: Sendable {
        /// Requests wait for it, and the more of them come together the less each costs: it interrupts nobody.
        case gathering
        /// Requests wait for it, but those that do not go first.
        case afterRequests
        /// It reads for seconds, and runs in what all others leave.
        case last

        fileprivate var niceness: Int32 {
            switch self {
            case .gathering: 0
            case .afterRequests: 5
            case .last: 19
            }
        }

        /// Linux's SCHED_BATCH and SCHED_IDLE, which the C library only tells those who ask for its extensions.
        fileprivate var schedulingClass: Int32? {
            switch self {
            case .gathering: 3
            case .afterRequests: nil
            case .last: 5
            }
        }
    }

    private final class Body {
        let rank: Rank
        let run: @Sendable () -> Void

        init(rank: Rank, run: @escaping @Sendable () -> Void) {
            self.rank = rank
            self.run = run
        }
    }

    /// Puts the calling thread behind the others of the process, for good.
    public static func stepBack(to rank: Rank) {
        #if canImport(Glibc)
        if rank.niceness > 0 { _ = nice(rank.niceness) }
        // A thread with a niceness may still end its slice, some milliseconds, while a call waits; an idle one is put
        // aside at once. Where the system forbids a class the niceness stays.
        var parameters = sched_param()
        if let schedulingClass = rank.schedulingClass { _ = sched_setscheduler(0, schedulingClass, &parameters) }
        #endif
    }

    /// Lets whoever waits for this processor have it now. To be called every hundred microseconds of long work: there
    /// are systems on which a thread that woke up otherwise waits for the next tick of the clock, some milliseconds.
    public static func giveWay() {
        _ = sched_yield()
    }

    /// Leaves disk and processor to others for a moment.
    static func rest(milliseconds: Int32) {
        _ = poll(nil, 0, milliseconds)
    }

    /// Runs the body on a new thread of a rank; false if the system has no thread to give.
    public static func start(_ rank: Rank = .afterRequests, _ body: @escaping @Sendable () -> Void) -> Bool {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        let argument = Unmanaged.passRetained(Body(rank: rank, run: body))
        #if canImport(Glibc)
        var thread = pthread_t()
        #else
        var thread: pthread_t?
        #endif
        guard pthread_create(&thread, &attributes, entry, argument.toOpaque()) == 0 else {
            argument.release()
            return false
        }
        return true
    }

    #if canImport(Glibc)
    private static let entry: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { argument in
        if let argument { run(Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()) }
        return nil
    }
    #else
    private static let entry: @convention(c) (UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? = { argument in
        run(Unmanaged<Body>.fromOpaque(argument).takeRetainedValue())
        return nil
    }
    #endif

    private static func run(_ body: Body) {
        stepBack(to: body.rank)
        body.run()
    }
}
