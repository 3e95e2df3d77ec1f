/// Why an outbound call failed; the raw value is the name used in logs, metrics and usage records.
public enum UpstreamFailureReason: String, Sendable {
    case connect
    case dns
    case tls
    case connectTimeout = "connect_timeout"
    case writeFailed = "write_failed"
    case firstByteTimeout = "first_byte_timeout"
    case idleTimeout = "idle_timeout"
    case totalTimeout = "total_timeout"
    case reset
    case malformed
    case tooLarge = "too_large"
    case invalidURL = "invalid_url"
}
