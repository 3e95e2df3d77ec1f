import Dispatch
import NIOCore

/// Reads long request bodies away from the event loops, one at a time: one of 32 MiB takes up to half a second.
final class AskQueue: Sendable {
    /// Bodies up to so many bytes are read at once, in some hundred microseconds at most.
    static let longBytes = 128 * 1024

    private let queue = DispatchQueue(label: "tollgate.asks")

    /// Reads a body as `Ask.parse` does; `then` is called on the queue's thread.
    func parse(
        _ body: ByteBuffer, kind: AskKind, contentType: String?,
        then: @escaping @Sendable (Result<Ask, AskError>) -> Void
    ) {
        queue.async { then(Ask.parse(body, kind: kind, contentType: contentType, givesWay: true)) }
    }
}
