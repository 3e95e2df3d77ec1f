import Billing

/// Where a call stands, and what an event means there; pure, so that every path can be tested without a socket.
struct RequestLife: Equatable {
    enum Stage: Equatable {
        /// Being judged; holds nothing yet.
        case admitting
        /// In a budget's queue.
        case waitingForBudget
        /// In a pool's queue, money held in memory only.
        case waitingForBackend
        /// The hold is on its way to disk; nothing was sent.
        case recordingHold
        /// A backend works on it.
        case calling
        /// The entry is on its way to disk.
        case settling
        /// Answered or given up; everything was given back.
        case ended
    }

    /// What must happen when the client is gone.
    enum Departure: Equatable {
        /// Nothing is held, or the end is under way already.
        case none
        /// Leave the queue and give back what is held in memory.
        case leaveQueue
        /// Wait for the write, then settle at zero.
        case releaseOnceRecorded
        /// Close the upstream call and settle on what was seen.
        case abortCall
        /// Read the answer to its end without a client, then settle by its usage.
        case keepReading
    }

    private(set) var stage = Stage.admitting
    private(set) var clientIsGone = false
    private(set) var headIsSent = false

    mutating func move(to next: Stage) {
        assert(stage != .ended || next == .ended, "a request that ended cannot go on")
        stage = next
    }

    mutating func sentHead() {
        headIsSent = true
    }

    mutating func clientLeft(_ policy: OnDisconnect) -> Departure {
        guard !clientIsGone else { return .none }
        clientIsGone = true
        switch stage {
        case .admitting, .settling, .ended: return .none
        case .waitingForBudget, .waitingForBackend: return .leaveQueue
        case .recordingHold: return .releaseOnceRecorded
        case .calling: return policy == .drain ? .keepReading : .abortCall
        }
    }
}
