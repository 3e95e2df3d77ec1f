import NIOCore

extension Ask {
    /// The client's own bytes with what the target needs spliced in; the same buffer if nothing changes.
    ///
    /// - Parameters:
    ///   - model: the model's name at the target.
    ///   - maxTokens: written once under `parameter`, every other spelling removed; nil leaves them alone.
    ///   - parameter: `max_tokens` or `max_completion_tokens`.
    ///   - forceUsage: whether a stream must end with its usage.
    ///   - body: the buffer this ask was parsed from; another one gives an empty buffer, never a wrong request.
    func upstreamBody(
        model: String, maxTokens: Int64?, parameter: String, forceUsage: Bool, from body: ByteBuffer,
        into allocator: ByteBufferAllocator
    ) -> ByteBuffer {
        guard body.readableBytes == bodyBytes else { return ByteBuffer() }
        var splice = BodySplice()
        if model != self.model { splice.replace(edits.model, with: JSONText.quoted(model)) }
        if let store = edits.store { splice.replace(store, with: "false") }
        var first = ""
        if let maxTokens { first += write(maxTokens: maxTokens, as: parameter, of: body, in: &splice) }
        if forceUsage, stream, !includeUsage { first += askForUsage(in: &splice) }
        if !first.isEmpty { splice.insert(first, at: edits.start) }
        return splice.applied(to: body, allocator: allocator)
    }

    /// Returns what is left to insert as the first member, with its comma. The object is never empty: it has a model.
    private func write(
        maxTokens: Int64, as parameter: String, of body: ByteBuffer, in splice: inout BodySplice
    ) -> String {
        var same = edits.maxTokens
        var other = edits.maxCompletionTokens
        if parameter == AskMember.maxCompletionTokens.rawValue { swap(&same, &other) }
        switch (same, other) {
        case (let same?, let other):
            splice.replace(same.value, with: String(maxTokens))
            // The object keeps `same`, so cutting the other with one comma leaves valid JSON.
            if let other { splice.replace(body.withUnsafeReadableBytes { other.removal(in: $0) }, with: "") }
            return ""
        case (nil, let other?):
            splice.replace(other.range, with: "\"\(parameter)\":\(maxTokens)")
            return ""
        case (nil, nil):
            return "\"\(parameter)\":\(maxTokens),"
        }
    }

    private func askForUsage(in splice: inout BodySplice) -> String {
        if let includeUsage = edits.includeUsage {
            splice.replace(includeUsage, with: "true")
        } else if let options = edits.streamOptions, edits.streamOptionsHasMembers {
            splice.insert("\"include_usage\":true,", at: options.lowerBound + 1)
        } else if let options = edits.streamOptions {
            splice.replace(options, with: "{\"include_usage\":true}")
        } else {
            return "\"stream_options\":{\"include_usage\":true},"
        }
        return ""
    }
}
