import Glibc
import NIOCore

/// Starts a detached thread that runs one closure.
enum DetachedThread {
    private final class Work {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) {
            self.run = run
        }
    }

    static func start(_ run: @escaping @Sendable () -> Void) throws {
        let context = Unmanaged.passRetained(Work(run))
        var thread = pthread_t()
        let code = pthread_create(&thread, nil, Self.main, context.toOpaque())
        guard code == 0 else {
            context.release()
            throw IOError(errnoCode: code, reason: "pthread_create")
        }
        pthread_detach(thread)
    }

    private static let main: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
        if let context {
            Unmanaged<Work>.fromOpaque(context).takeRetainedValue().run()
        }
        return nil
    }
}
