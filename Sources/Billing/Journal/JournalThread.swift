#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Runs a body on a thread of its own: the writer blocks in fsync and must not take a thread of a shared pool.
enum JournalThread {
    private final class Body {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) {
            self.run = run
        }
    }

    /// Starts the thread; false when the system has none left.
    static func start(_ run: @escaping @Sendable () -> Void) -> Bool {
        let body = Unmanaged.passRetained(Body(run))
        #if canImport(Glibc)
        var thread = pthread_t()
        let status = pthread_create(&thread, nil, { JournalThread.enter($0) }, body.toOpaque())
        if status == 0 { pthread_detach(thread) }
        #else
        var thread: pthread_t?
        let status = pthread_create(&thread, nil, { JournalThread.enter($0) }, body.toOpaque())
        if status == 0, let thread { pthread_detach(thread) }
        #endif
        if status != 0 { body.release() }
        return status == 0
    }

    #if canImport(Glibc)
    fileprivate static func enter(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        if let argument { Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run() }
        return nil
    }
    #else
    fileprivate static func enter(_ argument: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
        return nil
    }
    #endif
}
