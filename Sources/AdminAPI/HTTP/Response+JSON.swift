import HTTPTypes
import Hummingbird
import NIOCore

extension Response {
    /// A JSON answer; one that shows the state of a resource has its tag. `state` is the part that a change of the
    /// resource replaces, where the answer shows more than that.
    static func json(
        _ value: JSONValue,
        status: HTTPResponse.Status = .ok,
        type: String = "application/json",
        tagging state: JSONValue? = nil
    ) -> Response {
        let bytes = value.bytes
        var headers: HTTPFields = [.contentType: type]
        if status == .ok || status == .created { headers[.eTag] = EntityTag.of(state?.bytes ?? bytes) }
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    /// The answer to a deletion.
    static var noContent: Response { Response(status: .noContent) }
}
