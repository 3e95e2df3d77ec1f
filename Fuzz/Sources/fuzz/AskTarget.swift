import Foundation
import Fuzzing
import NIOCore

@testable import Proxy

/// What is taken for a request is sound JSON, within its bounds, and still the same request after the edits.
enum AskTarget {
    private static let kinds = AskKind.allCases.filter { $0 != .transcription }
    private static let parameters = ["max_tokens", "max_completion_tokens"]
    private static let upstreamModel = "up\"\\\u{1}é/1"

    static func run(_ bytes: UnsafeRawBufferPointer) {
        var input = FuzzInput(bytes)
        let kind = input.pick(kinds)
        let choices = input.byte()
        let body = input.bytes
        guard case .success(let ask) = Ask.parse(body, kind: kind) else { return }
        checkBounds(ask)
        checkJSON(body)
        let renames = choices & 1 == 1
        let maxTokens: Int64? = choices & 2 == 2 ? Int64(choices) : nil
        let forcesUsage = choices & 4 == 4
        let sent = ask.upstreamBody(
            model: renames ? upstreamModel : ask.model, maxTokens: maxTokens, parameter: parameters[Int(choices >> 7)],
            forceUsage: forcesUsage, from: body, into: ByteBufferAllocator())
        guard case .success(let again) = Ask.parse(sent, kind: kind) else {
            preconditionFailure("the body that is sent is none: \(String(buffer: sent))")
        }
        checkJSON(sent)
        checkSame(ask, again)
        precondition(again.model == (renames ? upstreamModel : ask.model))
        precondition(again.maxTokens == (kind.hasMaxTokens ? maxTokens ?? ask.maxTokens : ask.maxTokens))
        if forcesUsage, ask.stream, kind.hasStreamOptions { precondition(again.includeUsage) }
        if kind == .responses { precondition(again.edits.hasStore, "absent means true") }
    }

    static func checkBounds(_ ask: Ask) {
        precondition(!ask.model.isEmpty)
        precondition(ask.choices >= 1 && ask.inputs >= 1 && ask.images >= 0 && ask.parts >= 0)
        precondition(ask.characters >= 0 && ask.repeatedBytes >= 0 && ask.addedTokens >= 0 && ask.audioBytes >= 0)
        precondition(ask.characters <= ask.bodyBytes && ask.audioBytes <= ask.bodyBytes)
        precondition((ask.firstPart == nil) == (ask.parts == 0))
        if let maxTokens = ask.maxTokens { precondition(maxTokens >= 1 && maxTokens <= 1 << 31) }
    }

    /// What the edits may not touch.
    static func checkSame(_ ask: Ask, _ again: Ask) {
        precondition(ask.stream == again.stream && ask.choices == again.choices && ask.inputs == again.inputs)
        precondition(ask.parts == again.parts && ask.firstPart == again.firstPart && ask.images == again.images)
        precondition(ask.characters == again.characters && ask.audioBytes == again.audioBytes)
        precondition(ask.repeatedBytes == again.repeatedBytes && ask.addedTokens == again.addedTokens)
        precondition(ask.thinkingTokens == again.thinkingTokens && ask.serviceTier == again.serviceTier)
        precondition(ask.priceTiers == again.priceTiers && ask.promptCacheHash == again.promptCacheHash)
        precondition(ask.contentType == again.contentType)
    }

    /// Another reader takes it for JSON too. (It has its own limits on numbers, which are no concern here.)
    private static func checkJSON(_ body: ByteBuffer) {
        do {
            _ = try JSONSerialization.jsonObject(with: Data(body.readableBytesView))
        } catch let error as NSError {
            let text = error.userInfo["NSDebugDescription"] as? String ?? ""
            precondition(text.contains("Number"), "\(text): \(String(buffer: body))")
        }
    }
}
