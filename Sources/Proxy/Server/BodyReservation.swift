/// The bytes of one body counted against `body_memory`, for as long as anybody keeps the request.
///
/// Confined to its event loop.
final class BodyReservation {
    private let plane: DataPlane
    private var bytes = 0

    init(_ plane: DataPlane) {
        self.plane = plane
    }

    deinit {
        plane.releaseBody(bytes)
    }

    /// Counts more bytes; false when all bodies together take as much as they may.
    func grow(by more: Int) -> Bool {
        guard plane.reserveBody(more) else { return false }
        bytes += more
        return true
    }
}
