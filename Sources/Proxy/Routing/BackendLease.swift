/// A slot at a backend; whoever holds it gives it back with `PoolRouter.release`.
struct BackendLease: Sendable {
    /// How the use of a slot ended, as far as the backend's health is concerned.
    enum End: Sendable {
        /// Nothing was sent.
        case unused
        /// It says nothing of the backend: the client left.
        case inconclusive
        /// The backend answered; how long its first byte took, if that was measured.
        case answered(firstByteNanoseconds: Int64?)
        case failed(AttemptFault)
    }

    let backend: Backend
    /// Index of the target it serves, in the model's order.
    let target: Int
    /// Uptime in nanoseconds.
    let startedAt: Int64
    /// Names the trial that it is, which finds out whether the backend is well again; nil when it is none.
    let trial: Int?
    /// It was given by emergency passthrough.
    let isEmergency: Bool
}
