import Dispatch
import NIOCore
import Synchronization

/// Reads long request bodies away from the event loops, one at a time: one of 32 MiB takes up to half a second.
final class AskQueue: Sendable {
    /// A body that waits to be read, or is being read.
    final class Place: Sendable {
        fileprivate let isLeft = Atomic<Bool>(false)

        /// Nobody wants the body read any more.
        func leave() {
            isLeft.store(true, ordering: .relaxed)
        }
    }

    /// Bodies up to so many bytes are read at once, in a millisecond at most.
    static let longBytes = BodyReservation.small

    private let queue = DispatchQueue(label: "tollgate.asks")

    /// Reads a body as `Ask.parse` does; `then` is called on the queue's thread, unless the place was left.
    func parse(
        _ body: ByteBuffer, kind: AskKind, contentType: String?,
        then: @escaping @Sendable (Result<Ask, AskError>) -> Void
    ) -> Place {
        let place = Place()
        queue.async {
            if place.isLeft.load(ordering: .relaxed) { return }
            let ask = Ask.parse(body, kind: kind, contentType: contentType, givesWay: true)
            if !place.isLeft.load(ordering: .relaxed) { then(ask) }
        }
        return place
    }
}
