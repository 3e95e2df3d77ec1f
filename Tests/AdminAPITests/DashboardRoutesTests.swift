import Foundation
import Testing

@testable import AdminAPI

@Suite struct DashboardRoutesTests {
    /// A folder with a page and what does not belong to it.
    private func folder(_ body: (String) async throws -> Void) async throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try FileManager.default.createDirectory(atPath: path + "/modules", withIntermediateDirectories: true)
        for (name, text) in [
            ("index.html", "<!doctype html>"), ("style.css", "a{}"), ("modules/app.js", "1"), (".secret.js", "2"),
            ("notes.txt", "3"), ("chart.js", "the chart"),
        ] {
            try text.write(toFile: path + "/" + name, atomically: true, encoding: .utf8)
        }
        try await body(path)
    }

    @Test("the page and its files need no credential, have their types, and carry the security headers")
    func files() async throws {
        try await folder { path in
            let files = try DashboardFiles(
                folder: path, chartFile: path + "/chart.js", allowsContentNetwork: true)
            try await AdminHarness.run(dashboard: files) { harness in
                for (path, type, text) in [
                    ("/", "text/html; charset=utf-8", "<!doctype html>"),
                    ("/dashboard/style.css", "text/css; charset=utf-8", "a{}"),
                    ("/dashboard/modules/app.js", "text/javascript; charset=utf-8", "1"),
                    ("/dashboard/chart.min.js", "text/javascript; charset=utf-8", "the chart"),
                ] {
                    let answer = try await harness.client.raw("GET", path, authorization: nil)
                    #expect(answer.status == 200)
                    #expect(answer.type == type)
                    #expect(answer.body == .string(text))
                    #expect(answer.header("cache-control") == "no-cache")
                    #expect(answer.header("x-content-type-options") == "nosniff")
                    #expect(answer.header("referrer-policy") == "no-referrer")
                    #expect(answer.header("x-frame-options") == "DENY")
                    let policy = answer.header("content-security-policy")
                    #expect(policy.hasPrefix("default-src 'none'; script-src 'self' https://cdn.jsdelivr.net; "))
                    for part in ["style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"] {
                        #expect(policy.contains("; \(part);"))
                    }
                    #expect(!policy.contains("unsafe"))
                }
                let settings = try await harness.client.raw("GET", "/dashboard/settings.json", authorization: nil)
                #expect(settings["cdn_fallback"] == true)
            }
        }
    }

    @Test("what was read before is answered by 304 as long as it is the same")
    func entityTag() async throws {
        try await folder { path in
            let files = try DashboardFiles(folder: path, chartFile: nil, allowsContentNetwork: false)
            try await AdminHarness.run(dashboard: files) { harness in
                let tag = try await harness.client.raw("HEAD", "/", authorization: nil).header("etag")
                #expect(tag.hasPrefix("\""))
                for (value, status) in [(tag, 304), ("\"old\", \(tag)", 304), ("\"old\"", 200), ("W/\(tag)", 304)] {
                    let answer = try await harness.client.raw(
                        "GET", "/", headers: ["if-none-match": value], authorization: nil)
                    #expect(answer.status == status, "\(value)")
                    #expect(answer.header("etag") == tag)
                }
            }
        }
    }

    @Test(
        "nothing else is served: no other path, hidden file, other ending, or file outside the folder",
        arguments: [
            "/dashboard/", "/dashboard/nothing.js", "/dashboard/.secret.js", "/dashboard/notes.txt",
            "/dashboard/../Package.swift", "/dashboard/%2e%2e/Package.swift", "/dashboard/modules",
            "/dashboard//app.js",
            "/dashboard/chart.min.js",
        ])
    func others(path: String) async throws {
        try await folder { folder in
            let files = try DashboardFiles(folder: folder, chartFile: "/nothing.js", allowsContentNetwork: false)
            try await AdminHarness.run(dashboard: files) { harness in
                let status = try await harness.client.raw("GET", path, authorization: nil).status
                #expect(status == 404 || (path == "/dashboard/" || path.contains("..")) && status == 401)
                let page = try await harness.client.raw("GET", "/", authorization: nil)
                #expect(page.header("content-security-policy").contains("script-src 'self'; "))
            }
        }
    }

    @Test("without files the page says what is missing, and a folder without a page is refused")
    func noFiles() async throws {
        try await AdminHarness.run { harness in
            let answer = try await harness.client.raw("GET", "/", authorization: nil)
            #expect(answer.status == 404)
            #expect(answer.text("detail").contains("dashboard"))
        }
        #expect(throws: DashboardFilesError.noIndex("/nowhere")) {
            try DashboardFiles(folder: "/nowhere", chartFile: nil, allowsContentNetwork: true)
        }
    }
}
