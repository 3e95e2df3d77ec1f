import Foundation
import Testing

@testable import AdminAPI

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// Speaks to one Admin API as an operator would.
final class AdminClient: Sendable {
    struct Answer: Sendable {
        let status: Int
        let type: String
        let headers: [String: String]
        let body: JSONValue

        var requestID: String { header("x-request-id") }

        /// The header's value, empty if absent.
        func header(_ name: String) -> String { headers[name] ?? "" }

        /// The member of that name; null if absent.
        subscript(_ name: String) -> JSONValue {
            guard case .object(let members) = body else { return .null }
            return members.first { $0.name == name }?.value ?? .null
        }

        /// The member's text; empty if it has none.
        func text(_ name: String) -> String {
            if case .string(let text) = self[name] { text } else { "" }
        }

        /// A member of an error in OpenAI's shape; empty if it has none.
        func error(_ name: String) -> String {
            guard case .object(let members) = self["error"] else { return "" }
            guard case .string(let text)? = members.first(where: { $0.name == name })?.value else { return "" }
            return text
        }

        /// The `name` of each entry of a list.
        func names(_ name: String = "name") -> [String] {
            guard case .array(let entries) = self["data"] else { return [] }
            return entries.map { entry in
                guard case .object(let members) = entry,
                    case .string(let text)? = members.first(where: { $0.name == name })?.value
                else { return "" }
                return text
            }
        }

        /// The pointers of a problem's errors.
        var pointers: [String] {
            guard case .array(let entries) = self["errors"] else { return [] }
            return entries.map { entry in
                guard case .object(let members) = entry, case .string(let text)? = members.first?.value else {
                    return ""
                }
                return text
            }
        }
    }

    private let base: String
    private let credential: String
    private let session: URLSession

    init(base: String, credential: String) {
        self.base = base
        self.credential = credential
        let configuration = URLSessionConfiguration.ephemeral
        // Long enough for hundreds of calls at once under ThreadSanitizer.
        configuration.timeoutIntervalForRequest = 600
        session = URLSession(configuration: configuration)
    }

    /// The header that proves the operator.
    var bearer: String { "Bearer " + credential }

    func close() { session.invalidateAndCancel() }

    /// One call below `/admin/v1`.
    func call(
        _ method: String,
        _ path: String,
        _ body: String? = nil,
        headers: [String: String] = [:]
    ) async throws -> Answer {
        try await raw(method, "/admin/v1" + path, body, headers: headers, authorization: bearer)
    }

    /// What a GET below `/admin/v1` answers, byte by byte.
    func bytes(_ path: String) async throws -> [UInt8] {
        var request = URLRequest(url: try #require(URL(string: base + "/admin/v1" + path)))
        request.setValue(bearer, forHTTPHeaderField: "authorization")
        return Array(try await session.data(for: request).0)
    }

    /// The same server with another credential.
    func with(credential: String) -> AdminClient { AdminClient(base: base, credential: credential) }

    /// One call with any path and credential.
    func raw(
        _ method: String,
        _ path: String,
        _ body: String? = nil,
        headers: [String: String] = [:],
        authorization: String?
    ) async throws -> Answer {
        var request = URLRequest(url: try #require(URL(string: base + path)))
        request.httpMethod = method
        request.httpBody = body.map { Data($0.utf8) }
        for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
        if let authorization { request.setValue(authorization, forHTTPHeaderField: "authorization") }
        let (data, response) = try await session.data(for: request)
        let head = try #require(response as? HTTPURLResponse)
        return Answer(
            status: head.statusCode,
            type: head.value(forHTTPHeaderField: "content-type") ?? "",
            headers: Dictionary(
                head.allHeaderFields.map { ("\($0.key)".lowercased(), "\($0.value)") },
                uniquingKeysWith: { first, _ in first }),
            body: try Self.body(data, type: head.value(forHTTPHeaderField: "content-type") ?? "")
        )
    }

    /// JSON as a value, anything else as a text.
    private static func body(_ data: Data, type: String) throws -> JSONValue {
        if data.isEmpty { return .null }
        return type.contains("json")
            ? try JSONParser.parse(Array(data)) : .string(String(decoding: data, as: UTF8.self))
    }
}
