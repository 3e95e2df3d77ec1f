import Proxy
import Testing

@testable import Tollgate

@Suite struct ListenPlanTests {
    private func plan(_ sockets: [InheritedSocket], _ text: String = "") throws -> ListenPlan {
        try ListenPlan(try ConfigurationFile.read(text, file: nil, environment: [:]), sockets: sockets)
    }

    private func socket(_ descriptor: Int32, _ address: String?, name: String = "tollgate.socket") -> InheritedSocket {
        InheritedSocket(descriptor: descriptor, name: name, address: address.flatMap { ListenAddress($0) })
    }

    @Test func `without sockets each listener opens its own`() throws {
        let plan = try plan([], "listen: 127.0.0.1:0")
        #expect(plan.data.source == .address(host: "127.0.0.1", port: 0))
        #expect(plan.admin.source == .address(host: "127.0.0.1", port: 8081))
        #expect(plan.metrics.source == .address(host: "127.0.0.1", port: 9191))
    }

    @Test func `a socket goes to the listener of its address, whatever their order`() throws {
        let plan = try plan(
            [socket(3, "127.0.0.1:9191"), socket(4, "127.0.0.1:8080"), socket(5, "[::1]:8081")],
            "admin_listen: localhost:8081")
        #expect(plan.data.source == .inherited(descriptor: 4))
        #expect(plan.admin.source == .inherited(descriptor: 5))
        #expect(plan.metrics.source == .inherited(descriptor: 3))
    }

    @Test func `a name wins over an address, and the socket says where it is`() throws {
        let plan = try plan([
            socket(3, "127.0.0.1:1", name: "admin"), socket(4, "127.0.0.1:2", name: "data"),
        ])
        #expect(plan.data.source == .inherited(descriptor: 4) && plan.data.address.port == 2)
        #expect(plan.admin.source == .inherited(descriptor: 3))
        #expect(plan.metrics.source == .address(host: "127.0.0.1", port: 9191))
    }

    @Test(arguments: ["127.0.0.1:9", "127.0.0.2:8080", nil])
    func `a socket that is no listener's is refused`(address: String?) throws {
        let refusal = #expect(throws: StartRefusal.self) {
            try plan([socket(3, "127.0.0.1:8080"), socket(4, address)])
        }
        let reason = try #require(refusal).reason
        #expect(reason.contains(address ?? "no listening TCP socket") && reason.contains("tollgate.socket"))
    }

    @Test func `a socket must not be open to others in plaintext unless that is allowed`() throws {
        let wide = socket(3, "0.0.0.0:8080", name: "data")
        #expect(throws: StartRefusal.self) { try plan([wide]) }
        #expect(try plan([wide], "allow_plaintext: true").data.source == .inherited(descriptor: 3))
        let tls = "tls: { cert: { file: a }, key: { file: b } }"
        #expect(try plan([wide], tls).data.source == .inherited(descriptor: 3))
        #expect(throws: StartRefusal.self, "metrics are never encrypted") {
            try plan([socket(3, "0.0.0.0:9191", name: "metrics")], tls)
        }
    }
}
