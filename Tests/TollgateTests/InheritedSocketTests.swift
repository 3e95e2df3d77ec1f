import Foundation
import Testing

@testable import Tollgate

@Suite struct InheritedSocketTests {
    private let places: [Int32: ListenAddress] = [
        3: ListenAddress(host: "127.0.0.1", port: 8080), 4: ListenAddress(host: "127.0.0.1", port: 8081),
    ]

    private func all(_ environment: [String: String]) -> [InheritedSocket] {
        InheritedSocket.all(environment, process: 42) { places[$0] }
    }

    @Test func `sockets are passed from 3 on, with their names`() {
        let sockets = all(["LISTEN_PID": "42", "LISTEN_FDS": "3", "LISTEN_FDNAMES": "data:admin"])
        #expect(sockets.map(\.descriptor) == [3, 4, 5])
        #expect(sockets.map(\.name) == ["data", "admin", ""])
        #expect(sockets.map(\.address) == [places[3], places[4], nil])
    }

    @Test(arguments: [
        [:], ["LISTEN_FDS": "2"], ["LISTEN_PID": "41", "LISTEN_FDS": "2"], ["LISTEN_PID": "42"],
        ["LISTEN_PID": "42", "LISTEN_FDS": "0"], ["LISTEN_PID": "42", "LISTEN_FDS": "-1"],
        ["LISTEN_PID": "42", "LISTEN_FDS": "2147483647"], ["LISTEN_PID": "42", "LISTEN_FDS": "x"],
    ])
    func `what is meant for another process, or makes no sense, is nothing`(environment: [String: String]) {
        #expect(all(environment).isEmpty)
    }

    @Test func `a listening socket tells where, and nothing else counts`() throws {
        // A stream socket, whose constant is of another type on each system.
        let listening = socket(AF_INET, 1, 0)
        defer { close(listening) }
        #expect(InheritedSocket.address(of: listening) == nil, "it does not listen yet")
        #expect(listen(listening, 1) == 0)
        let address = try #require(InheritedSocket.address(of: listening))
        #expect(address.host == "0.0.0.0" && address.port > 0)
    }
}
