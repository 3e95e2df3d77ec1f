/// The bytes of one body counted against `body_memory`, for as long as anybody keeps the request.
///
/// Confined to its event loop.
final class BodyReservation {
    /// A body of at most so many bytes is small.
    static let small = 64 * 1024

    private let plane: DataPlane
    private var bytes = 0

    init(_ plane: DataPlane) {
        self.plane = plane
    }

    deinit { release() }

    func release() {
        plane.releaseBody(bytes)
        bytes = 0
    }

    /// Counts more bytes; false when all bodies together take as much as they may.
    func grow(by more: Int) -> Bool {
        guard plane.reserveBody(more, isSmall: bytes + more <= Self.small) else { return false }
        bytes += more
        return true
    }
}
