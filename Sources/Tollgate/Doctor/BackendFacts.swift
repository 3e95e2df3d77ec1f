import Tenancy

/// How one backend answered a question after its health.
struct BackendFacts: Sendable, Equatable {
    /// `pool/name`.
    let name: String
    let isDraining: Bool
    /// The HTTP status; nil: none came, and `error` says why.
    var status: Int?
    var error: String?
    var milliseconds: Int64 = 0
    /// Its credential does not open, so it was not asked; `error` says so.
    var isSealed = false
    /// Whether it is reached over https.
    var usesTLS = false
    /// When its certificate stops being valid; nil: none could be read.
    var certificateEnd: Timestamp?

    /// Nobody there, or nobody who speaks HTTP.
    var isUnreachable: Bool { status == nil && !isDraining }
    var refusesCredential: Bool { status == 401 || status == 403 }
}
