import HTTPTypes
import Hummingbird
import NIOCore

extension Response {
    /// A JSON answer.
    static func json(
        _ value: JSONValue,
        status: HTTPResponse.Status = .ok,
        type: String = "application/json"
    ) -> Response {
        Response(
            status: status,
            headers: [.contentType: type],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: value.bytes))
        )
    }

    /// The answer to a deletion.
    static var noContent: Response { Response(status: .noContent) }
}
