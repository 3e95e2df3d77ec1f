import NIOCore

/// A request as it goes out: its head, and a body that is too large to be copied behind it.
struct CleartextMessage {
    /// Bodies up to this size leave in one piece with the head.
    private static let copiedBytes = 16 * 1024

    let isHead: Bool
    let head: ByteBuffer
    let body: ByteBuffer

    /// - Parameter lead: the request line and all fields but the one that tells the length of the body.
    init(_ request: UpstreamRequest, lead: ByteBuffer) {
        isHead = request.method == "HEAD"
        let body = FieldSyntax.hasBody(request.method) ? request.body : ByteBuffer()
        let isSmall = body.readableBytes <= Self.copiedBytes
        self.body = isSmall ? ByteBuffer() : body
        var head = ByteBufferAllocator().buffer(
            capacity: lead.readableBytes + Self.lengthField + (isSmall ? body.readableBytes : 0))
        head.writeImmutableBuffer(lead)
        if FieldSyntax.hasBody(request.method) {
            head.writeStaticString("content-length: ")
            head.writeString(String(body.readableBytes))
            head.writeStaticString("\r\n\r\n")
        } else {
            head.writeStaticString("\r\n")
        }
        if isSmall { head.writeImmutableBuffer(body) }
        self.head = head
    }

    /// Room for the longest field of the length with the line after it.
    private static let lengthField = 48
}
