import NIOCore
import NIOHTTP1
import NIOPosix

/// Sorts NIO's errors into Tollgate's failure reasons.
enum CleartextFailure {
    /// What is HTTP, and still no answer to be believed.
    struct Malformed: Error {
        let why: String
    }

    /// The egress rule refuses the address, in its words.
    struct Refused: Error {
        let words: String
    }

    /// - Parameter refused: the last of a name's addresses that the egress rule refused, in words.
    static func connecting(_ error: any Error, refused: String?) -> (UpstreamFailureReason, String) {
        if case ChannelError.connectTimeout = error { return (.connectTimeout, "no connection in time") }
        if let error = error as? Refused { return (.forbiddenAddress, error.words) }
        if let refused { return (.forbiddenAddress, refused) }
        guard let error = error as? NIOConnectionError else { return (.connect, "\(error)") }
        if let first = error.connectionErrors.first { return (.connect, "\(first.error)") }
        return (.dns, "\(error.dnsAError ?? error.dnsAAAAError ?? NameLookup.Failure(words: "no address"))")
    }

    /// - Parameter error: nil if the backend simply closed.
    static func onConnection(_ error: (any Error)?, isSent: Bool) -> (UpstreamFailureReason, String) {
        let place: UpstreamFailureReason = isSent ? .reset : .writeFailed
        guard let error else { return (place, "connection closed before the end of the response") }
        switch error {
        case let error as Malformed: return (.malformed, error.why)
        case HTTPParserError.invalidEOFState: return (.reset, "connection closed inside the response")
        case let error as HTTPParserError: return (.malformed, "\(error)")
        case let error as NIOHTTPDecoderError: return (.malformed, "\(error)")
        default: return (place, "\(error)")
        }
    }
}
