import Billing
import Foundation
import NIOCore
import Testing

@testable import Proxy

/// One answer of a provider as a file, and what is to be read of it.
struct UsageFixture: CustomTestStringConvertible, Sendable {
    struct Expected: Decodable, Sendable {
        var dialect: String
        /// The meters that are not 0; nil when nothing was reported.
        var usage: [String: Int64]?
        var anomaly: Bool?
        var preliminary: Bool?
        var tiers: [String]?
        var cost: String?
        var fault: String?
        var end_fault: String?
        var hides_usage: Bool?
        var complete: Bool?
        var images: Int64?
        var text_bytes: Int64?
    }

    let name: String
    let text: String
    let expected: Expected
    var isStream: Bool { name.hasSuffix(".sse") }
    var testDescription: String { name }

    var dialect: Dialect {
        switch expected.dialect {
        case "responses": .responses
        case "anthropic": .anthropic
        case "images": .images
        case "speech": .speech
        case "transcription": .transcription
        default: .openAI
        }
    }

    /// All files below `Fixtures/usage`.
    static let all: [UsageFixture] = (try? read()) ?? []

    static func read(testFile: String = #filePath) throws -> [UsageFixture] {
        let folder = URL(fileURLWithPath: testFile).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures/usage")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        return try names.filter { !$0.hasSuffix(".expected.json") }.map { name in
            let base = name.split(separator: ".")[0]
            let expected = try Data(contentsOf: folder.appendingPathComponent("\(base).expected.json"))
            let text = try Data(contentsOf: folder.appendingPathComponent(name))
            return UsageFixture(
                name: name, text: String(decoding: text, as: UTF8.self),
                expected: try JSONDecoder().decode(Expected.self, from: expected))
        }
    }

    /// What the file beside it says, in the words of a reading.
    var reading: UsageReading? {
        guard let counts = expected.usage else { return nil }
        var usage = TokenUsage.zero
        for (name, count) in counts {
            if let meter = Meter(rawValue: name) { usage[meter] = count }
        }
        return UsageReading(
            usage: usage, anomaly: expected.anomaly ?? false, isPreliminary: expected.preliminary ?? false,
            tiers: expected.tiers ?? [],
            providerCost: expected.cost.flatMap { try? Money(decimal: $0) })
    }
}
