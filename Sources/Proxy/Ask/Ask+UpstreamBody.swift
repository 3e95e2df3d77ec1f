import NIOCore

extension Ask {
    /// The client's own bytes with what the target needs spliced in; the same buffer if nothing changes.
    ///
    /// - Parameters:
    ///   - model: the model's name at the target.
    ///   - maxTokens: written once, every other spelling removed; nil, or a route without such a member, leaves all.
    ///   - parameter: `max_tokens` or `max_completion_tokens`, as the target wants it on chat routes.
    ///   - forceUsage: whether a stream must end with its usage, where a request can say so.
    ///   - body: the buffer this ask was parsed from; another one gives an empty buffer, never a wrong request.
    func upstreamBody(
        model: String, maxTokens: Int64?, parameter: String, forceUsage: Bool, from body: ByteBuffer,
        into allocator: ByteBufferAllocator
    ) -> ByteBuffer {
        guard body.readableBytes == bodyBytes else { return ByteBuffer() }
        var splice = BodySplice()
        if kind == .transcription {
            // A line break would begin another part.
            guard !model.utf8.contains(where: { $0 < 0x20 }) else { return ByteBuffer() }
            if model != self.model { splice.replace(edits.model, with: model) }
            return splice.applied(to: body, allocator: allocator)
        }
        if model != self.model { splice.replace(edits.model, with: JSONText.quoted(model)) }
        if let store = edits.store { splice.replace(store, with: "false") }
        var first = ""
        // The one route where an absent member means true.
        if kind == .responses, !edits.hasStore { first += "\"store\":false," }
        if let maxTokens, let name = maxTokensName(parameter) {
            first += write(maxTokens: maxTokens, as: name, of: body, in: &splice)
        }
        if forceUsage, stream, !includeUsage, kind.hasStreamOptions { first += askForUsage(in: &splice) }
        if !first.isEmpty { splice.insert(first, at: edits.start) }
        return splice.applied(to: body, allocator: allocator)
    }

    /// The member that bounds the output on this route; nil if there is none.
    private func maxTokensName(_ parameter: String) -> String? {
        switch kind {
        case .chatCompletions, .completions: parameter
        case .responses: AskMember.maxOutputTokens.rawValue
        case .messages: AskMember.maxTokens.rawValue
        default: nil
        }
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
            let number = String(maxTokens)
            // Most get the bound they ask for; their bodies need not be written anew for that.
            let isThere = body.withUnsafeReadableBytes { $0[same.value].elementsEqual(number.utf8) }
            if !isThere { splice.replace(same.value, with: number) }
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
