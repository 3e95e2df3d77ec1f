import NIOCore

/// Tells whether a client goes on reading what its channel has for it.
struct ReadProgress {
    /// Bytes that had not left at the last look.
    private var unread = 0
    /// No look yet since it began.
    private var isNew = false

    /// Begins to look.
    mutating func begin(_ channel: any Channel) {
        unread = Self.unread(channel)
        isNew = true
    }

    /// Forgets what left before the first look: the kernel takes some though nobody reads.
    mutating func settle(_ channel: any Channel) {
        guard isNew else { return }
        isNew = false
        unread = Self.unread(channel)
    }

    /// Whether some bytes left since the last look, and others still wait.
    mutating func goesOn(_ channel: any Channel) -> Bool {
        let before = unread
        unread = Self.unread(channel)
        return unread > 0 && unread < before
    }

    /// Bytes that have not left.
    static func unread(_ channel: any Channel) -> Int {
        (try? channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }
}
