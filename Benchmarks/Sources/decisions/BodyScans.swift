import NIOCore

@testable import Proxy

/// Prints what reading one request body costs, by route and size.
enum BodyScans {
    private static let rounds = 7

    static func run() {
        print("\n| body scan | ns, lowest round | ns, median |")
        print("| --- | ---: | ---: |")
        for bytes in [1_000, 100_000] {
            measure("chat, \(bytes) bytes", .chatCompletions, #""messages":[MESSAGES],"max_tokens":64"#, bytes)
            measure("completion, \(bytes) bytes", .completions, #""prompt":TEXT,"max_tokens":64"#, bytes)
        }
        let tools = (0..<20).map {
            #"{"type":"function","function":{"name":"f\#($0)","parameters":{"type":"object"}}}"#
        }
        measure(
            "chat with 20 tools", .chatCompletions,
            #""messages":[MESSAGES],"tools":[\#(tools.joined(separator: ","))]"#, 1_000)
    }

    private static func measure(_ name: String, _ kind: AskKind, _ members: String, _ bytes: Int) {
        let text = String(repeating: "The quick brown fox. ", count: bytes / 4 / 21)
        let messages = (0..<4).map { _ in "{\"role\":\"user\",\"content\":\"\(text)\"}" }
        let filled = members.split(separator: "MESSAGES", omittingEmptySubsequences: false)
            .joined(separator: messages.joined(separator: ","))
            .split(separator: "TEXT", omittingEmptySubsequences: false).joined(separator: "\"\(text)\(text)\(text)\"")
        let body = ByteBuffer(string: #"{"model":"alpha","temperature":0.7,"stream":true,"user":"u",\#(filled)}"#)
        let times = max(1, 40_000_000 / max(bytes, 1_000) / 4)
        let clock = ContinuousClock()
        let elapsed = (0..<rounds).map { _ -> Double in
            clock.measure {
                for _ in 0..<times {
                    guard case .success = Ask.parse(body, kind: kind) else { fatalError("a good body") }
                }
            } / .nanoseconds(times)
        }.sorted()
        print("| \(name) | \(Int(elapsed[0])) | \(Int(elapsed[rounds / 2])) |")
    }
}
