import NIOCore

/// libcurl's one timer as at most one task on the event loop, moved lazily.
final class CurlTimer {
    private let eventLoop: any EventLoop
    private var due: NIODeadline?
    private var task: (at: NIODeadline, scheduled: Scheduled<Void>)?
    /// Called when libcurl wants to be driven, at the latest at the end of the tick.
    var onDue: (@Sendable () -> Void)?

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    /// Takes libcurl's wish: negative for no timer, zero for at once.
    func set(milliseconds: Int) {
        guard milliseconds >= 0 else {
            due = nil
            return
        }
        guard milliseconds > 0 else {
            due = nil
            onDue?()
            return
        }
        let at = NIODeadline.now() + .milliseconds(Int64(milliseconds))
        due = at
        if let task {
            // An earlier task finds out by itself that it has to wait longer.
            if task.at <= at { return }
            task.scheduled.cancel()
        }
        schedule(at)
    }

    func cancel() {
        due = nil
        onDue = nil
        task?.scheduled.cancel()
        task = nil
    }

    private func schedule(_ at: NIODeadline) {
        let loopBound = NIOLoopBound(self, eventLoop: eventLoop)
        task = (at, eventLoop.scheduleTask(deadline: at) { loopBound.value.fire() })
    }

    private func fire() {
        task = nil
        guard let due else { return }
        if due <= .now() {
            self.due = nil
            onDue?()
        } else {
            schedule(due)
        }
    }
}
