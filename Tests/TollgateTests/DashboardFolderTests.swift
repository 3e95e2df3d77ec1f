import Testing

@testable import Tollgate

@Suite struct DashboardFolderTests {
    @Test(arguments: [
        (
            "/src/tollgate/.build/x86_64-unknown-linux-gnu/release/tollgate",
            ["/src/tollgate/web-static", "/usr/share/tollgate/web-static"]
        ),
        ("/opt/bin/tollgate", ["/opt/share/tollgate/web-static", "/usr/share/tollgate/web-static"]),
        ("/usr/bin/tollgate", ["/usr/share/tollgate/web-static", "/usr/share/tollgate/web-static"]),
        ("/home/me/tollgate", ["/usr/share/tollgate/web-static"]),
    ])
    func `the page is looked for where the binary came from`(executable: String, expected: [String]) {
        #expect(DashboardFolder.candidates(executable: executable) == expected)
    }

    @Test func `the first folder that holds the page is taken`() {
        let found = DashboardFolder.find(executable: "/opt/bin/tollgate") { $0.hasPrefix("/usr") }
        #expect(found == "/usr/share/tollgate/web-static")
        #expect(DashboardFolder.find(executable: "/opt/bin/tollgate") { _ in false } == nil)
    }
}
