import Tenancy

/// What a backend carries from one edit of its definition to the next: calls in flight, its health and its rates
/// belong to the backend, not to the edit.
///
/// Unchecked because everything in it changes, but only while the router's lock is taken.
final class BackendLoad: @unchecked Sendable {
    var inFlight = 0
    var health = BackendHealth()
    var rate = BackendRate()
    var emergency = EmergencyPassthrough()
    var latency = LatencyAverage()
    var lastError: BackendStatus.LastError?
    /// Failed attempts by reason.
    var errors: [String: UInt64] = [:]
}
