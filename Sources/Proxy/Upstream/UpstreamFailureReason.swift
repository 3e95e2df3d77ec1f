/// Why an outbound call failed; the raw value is the name used in logs, metrics and usage records.
public enum UpstreamFailureReason: String, Sendable, CaseIterable {
    case connect
    case dns
    case tls
    /// The name resolves to an address that `EgressRule` refuses.
    case forbiddenAddress = "forbidden_address"
    case connectTimeout = "connect_timeout"
    case writeFailed = "write_failed"
    case firstByteTimeout = "first_byte_timeout"
    case idleTimeout = "idle_timeout"
    case totalTimeout = "total_timeout"
    /// Bytes came, but too few of them for too long.
    case minimumRate = "minimum_rate"
    case reset
    case malformed
    case tooLarge = "too_large"
    case invalidURL = "invalid_url"

    /// No byte of the request was on its way.
    var isBeforeSending: Bool {
        switch self {
        case .connect, .dns, .tls, .forbiddenAddress, .connectTimeout, .invalidURL: true
        case .writeFailed, .firstByteTimeout, .idleTimeout, .totalTimeout, .minimumRate, .reset, .malformed, .tooLarge:
            false
        }
    }
}
