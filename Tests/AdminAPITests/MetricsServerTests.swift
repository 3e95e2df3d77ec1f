import Foundation
import Proxy
import Testing

@testable import AdminAPI

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

@Suite struct MetricsServerTests {
    @Test("metrics are served as Prometheus text, and nothing else is served")
    func scrape() async throws {
        try await AdminHarness.run { harness in
            let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
            let server = MetricsServer(
                plane: harness.plane, metrics: ProxyMetrics(), source: .address(host: "127.0.0.1", port: 0),
                bound: { continuation.yield($0) })
            let running = Task { try await server.run() }
            var iterator = ports.makeAsyncIterator()
            let port = try #require(await iterator.next())
            let session = URLSession(configuration: .ephemeral)
            let base = "http://127.0.0.1:\(port)"
            let (data, response) = try await session.data(from: #require(URL(string: base + "/metrics")))
            let head = try #require(response as? HTTPURLResponse)
            #expect(head.statusCode == 200)
            #expect(head.value(forHTTPHeaderField: "content-type") == "text/plain; version=0.0.4; charset=utf-8")
            #expect(String(decoding: data, as: UTF8.self).contains("tollgate_build_info{version=\"0.0.0-test\"} 1\n"))
            let (_, other) = try await session.data(from: #require(URL(string: base + "/admin/v1/tenants")))
            #expect((other as? HTTPURLResponse)?.statusCode == 404)
            session.invalidateAndCancel()
            running.cancel()
            _ = await running.result
        }
    }
}
