import NIOCore
import Tenancy

/// The event that tells a client in the middle of a stream that there will be no more, as its SDK expects it.
enum BrokenStreamEvent {
    /// - Parameters:
    ///   - error: what to say, in the route's error shape.
    ///   - sequence: the event's place in the stream, where events have one.
    static func bytes(
        _ error: ErrorResponse, dialect: Dialect, requestID: RequestID, sequence: Int64
    ) -> ByteBuffer {
        var event = ByteBuffer()
        switch dialect {
        case .openAI, .images, .speech, .transcription: break
        case .responses, .anthropic: event.writeStaticString("event: error\n")
        }
        event.writeStaticString("data: ")
        if dialect == .responses {
            event.writeImmutableBuffer(flat(error, sequence: sequence))
        } else {
            event.writeImmutableBuffer(error.body(requestID: requestID))
        }
        event.writeStaticString("\n\n")
        return event
    }

    /// Responses have the error's members at the top of the event.
    private static func flat(_ error: ErrorResponse, sequence: Int64) -> ByteBuffer {
        var json = JSONWriter()
        json.object { json in
            json.key("type")
            json.string("error")
            json.key("code")
            json.string(error.code)
            json.key("message")
            json.string(error.message)
            json.key("param")
            json.string(error.param)
            json.key("sequence_number")
            json.integer(sequence)
        }
        return json.buffer
    }
}
