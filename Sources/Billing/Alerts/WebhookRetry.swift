import Tenancy

/// What follows an attempt to deliver a message; pure.
enum WebhookRetry {
    static let firstPauseMS: Int64 = 1000
    static let longestPauseMS: Int64 = 3_600_000
    /// How long after its event a message is still worth an attempt: three days.
    static let messageLifeMS: Int64 = 259_200_000
    /// How long a webhook may fail without a success in between: five days.
    static let longestFailureMS: Int64 = 432_000_000

    /// The delivery after an attempt. Pauses double from a second to an hour, or are as long as the receiver asks if
    /// that is longer but not above an hour; each is drawn between half of that and all of it, by `dice`.
    static func after(_ attempt: WebhookAttempt, _ delivery: WebhookDelivery, dice: UInt64) -> WebhookDelivery {
        var next = delivery
        next.attempts += 1
        next.lastAt = attempt.endedAt
        next.status = attempt.status.map(Int64.init)
        next.error = attempt.hasArrived ? nil : attempt.error
        next.milliseconds = attempt.milliseconds
        if attempt.hasArrived {
            next.state = .delivered
            next.nextAt = nil
            return next
        }
        let at = attempt.endedAt.adding(milliseconds: pauseMS(afterAttempts: next.attempts, attempt, dice))
        let isOver = at > delivery.createdAt.adding(milliseconds: messageLifeMS)
        next.state = isOver ? .failed : .pending
        next.nextAt = isOver ? nil : at
        return next
    }

    /// Why a webhook is given up after an attempt; nil: it is not.
    static func disables(_ attempt: WebhookAttempt, failingSince: Timestamp?) -> String? {
        if attempt.hasArrived { return nil }
        if attempt.status == 410 { return "the receiver answered 410 Gone" }
        guard let failingSince, attempt.endedAt >= failingSince.adding(milliseconds: longestFailureMS) else {
            return nil
        }
        return "no message arrived for five days"
    }

    private static func pauseMS(afterAttempts count: Int64, _ attempt: WebhookAttempt, _ dice: UInt64) -> Int64 {
        let doublings = min(max(count - 1, 0), 12)
        let asked = min(max(attempt.retryAfterSeconds ?? 0, 0), longestPauseMS / 1000) * 1000
        let pause = max(min(firstPauseMS << doublings, longestPauseMS), asked)
        // What was asked for is kept, only spread beyond it.
        let least = max(pause / 2, asked)
        return least + Int64(dice % UInt64(pause / 2 + 1))
    }
}
