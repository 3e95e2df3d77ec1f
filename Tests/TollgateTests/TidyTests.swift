import Testing

/// The house rules. Each rule first proves on a sample that it can fire, then holds for every file of the repository.
@Suite struct TidyTests {
    private static let repository = Result { try TidySource.repository() }

    private func sample(_ text: String, at path: String = "Sources/Proxy/Sample.swift") -> TidySource {
        TidySource(path: path, text: text)
    }

    private func expectTidy(_ rule: (TidySource) throws -> [TidyFinding]) throws {
        let sources = try Self.repository.get()
        try #require(sources.contains { $0.path == "Tests/TollgateTests/TidyTests.swift" })
        let findings = try sources.flatMap(rule)
        let report = findings.map(\.description).joined(separator: "\n")
        #expect(findings.isEmpty, Comment(rawValue: report))
    }

    private func expectTidy(_ pattern: TidyPattern, fires: [String], silent: [String], at path: String) throws {
        for text in fires {
            #expect(try pattern.findings(in: sample(text, at: path)).count == 1, Comment(rawValue: text))
        }
        for text in silent {
            #expect(try pattern.findings(in: sample(text, at: path)).isEmpty, Comment(rawValue: text))
        }
        try expectTidy(pattern.findings)
    }

    private func expectTidy(_ pattern: TidyPattern, fires: [String], silent: [String]) throws {
        try expectTidy(pattern, fires: fires, silent: silent, at: "Sources/Proxy/Sample.swift")
    }

    @Test func `comments and strings are told apart from code`() {
        let text = ##"""
            let a = "x // \(f("y")) z" // note "q"
            /* one /* two */ three */ let b = #"r\#(c) " s"#
            """##
        let source = sample(text)
        #expect(source.code.contains(#"\(f(" "))"#))
        #expect(source.code.contains("let b"))
        #expect(!source.code.contains("note"))
        #expect(!source.code.contains("three"))
        #expect(source.literals.contains("x // "))
        #expect(source.literals.contains("r"))
        #expect(source.comments.contains(#"// note "q""#))
        #expect(source.comments.contains("three"))
        #expect(source.code.utf8.count == text.utf8.count)
    }

    @Test func `each module imports only what it may`() throws {
        let forbidden = [
            "Sources/Tenancy/A.swift": "public import Billing",
            "Sources/Billing/A.swift": "@preconcurrency import NIOCore",
            "Sources/Proxy/A.swift": "import AdminAPI",
            "Sources/Proxy/B.swift": "import CCurl",
            "Sources/Proxy/Relay/C.swift": "import Foundation",
            "Sources/Billing/Ledger.swift": "import GRDB",
            "Sources/Billing/BillingSchema.swift": "import GRDBSQLite",
            "Sources/Tenancy/AuditStore.swift": "import GRDBSQLite",
            "Sources/AdminAPI/AStore.swift": "import struct GRDB.Row",
        ]
        for (path, text) in forbidden {
            let findings = try TidyImports.findings(in: sample("\n" + text, at: path))
            #expect(findings.map(\.line) == [2], Comment(rawValue: path))
        }
        let allowed = [
            "Sources/Tenancy/TenancyStore.swift": "import GRDB",
            "Sources/Billing/AStore.swift": "import GRDB\nimport GRDBSQLite",
            "Sources/Proxy/Upstream/A.swift": "internal import CCurl",
            "Sources/Proxy/B.swift": "import NIOHTTP1\npublic import Billing\nimport Synchronization",
            "Sources/Tollgate/C.swift": "import Foundation // import Nothing\nlet important = 1",
        ]
        for (path, text) in allowed {
            #expect(try TidyImports.findings(in: sample(text, at: path)).isEmpty, Comment(rawValue: path))
        }
        try expectTidy(TidyImports.findings)
    }

    @Test func `no file is longer than 400 lines`() throws {
        #expect(TidySizes.longFiles(in: sample(String(repeating: "a\n", count: 401))).count == 1)
        #expect(TidySizes.longFiles(in: sample(String(repeating: "a\n", count: 400))).isEmpty)
        try expectTidy(TidySizes.longFiles)
    }

    @Test func `no line is longer than 120 characters`() throws {
        #expect(TidySizes.longLines(in: sample("a\n" + String(repeating: "é", count: 121))).map(\.line) == [2])
        #expect(TidySizes.longLines(in: sample(String(repeating: "é", count: 120))).isEmpty)
        try expectTidy(TidySizes.longLines)
    }

    @Test func `no function is longer than 70 lines`() throws {
        let body = String(repeating: "    if a { b() } // {\n", count: 69)
        let long = sample("protocol P {\n    func q()\n}\nfunc f(g: () -> Void = { }) -> Int {\n\(body)}\n")
        #expect(try TidySizes.longFunctions(in: long).map(\.line) == [4])
        let initializer = sample("struct S {\ninit?(\n    a: Int\n) {\n\(body)}\n}\n")
        #expect(try TidySizes.longFunctions(in: initializer).map(\.line) == [2])
        let short = sample("func f() {\n\(body.dropFirst(22))}\nfunc g() {\n    self.init(a: 1)\n}\n")
        #expect(try TidySizes.longFunctions(in: short).isEmpty)
        try expectTidy(TidySizes.longFunctions)
    }

    @Test func `nothing is tried or cast by force`() throws {
        try expectTidy(.forcedTry, fires: ["let a = try! f()"], silent: ["try f()", "// try!", #"let a = "try!""#])
        try expectTidy(.forcedCast, fires: ["let a = b as! Int"], silent: ["b as? Int", "alias != b"])
    }

    @Test func `no optional is unwrapped by force`() throws {
        try expectTidy(
            .forceUnwrap,
            fires: ["a!.b", "f()!", "a[0]! + 1", "let a: Int!", #""\(a!)""#, "f { }!"],
            silent: [
                "a != b", "a!=b", "f(!a)", "a && !b", "a !== b", #""wait!""#, "// stop!", "#if !os(A)", "try! f()",
            ]
        )
    }

    @Test func `no input ends in fatalError`() throws {
        try expectTidy(.fatalError, fires: [#"fatalError("no")"#], silent: ["let fatalErrors = 1", "// fatalError()"])
        try expectTidy(
            .trap,
            fires: ["precondition(a)", #"preconditionFailure("no")"#, "Swift.assertionFailure()"],
            silent: ["loop.preconditionInEventLoop()", "// precondition(a)"]
        )
        #expect(try TidyPattern.trap.findings(in: sample("precondition(a)", at: "Tests/Support/A.swift")).isEmpty)
    }

    @Test func `money is never a floating point number`() throws {
        let path = "Sources/Billing/Sample.swift"
        try expectTidy(
            .floatingMoney,
            fires: ["a: Double", "Float(a)"],
            silent: ["// Double", "DoubleHold"],
            at: path
        )
        #expect(try TidyPattern.floatingMoney.findings(in: sample("let a: Double")).isEmpty)
    }

    @Test func `SQL lives in the store and schema files`() throws {
        try expectTidy(
            .sqlOutsideStores,
            fires: [
                #"let a = "SELECT a FROM b""#, "let a = \"\"\"\n    SELECT a,\n    b FROM c\n    \"\"\"",
                #""INSERT OR IGNORE INTO a""#, #""UPDATE a SET b = 1""#, #""DELETE FROM a""#, #""CREATE TABLE a""#,
                #""SAVEPOINT a""#, #""ROLLBACK TO a""#, #""PRAGMA synchronous = OFF""#,
            ],
            silent: ["// SELECT a FROM b", #""please SELECT one""#, #""UPDATE""#]
        )
        let store = sample(#""DELETE FROM a""#, at: "Sources/Tenancy/TenancyStore.swift")
        #expect(try TidyPattern.sqlOutsideStores.findings(in: store).isEmpty)
    }

    @Test func `a request writes where its caller is proven again`() throws {
        let path = "Sources/AdminAPI/Routes/SampleRoutes.swift"
        try expectTidy(
            .unprovenWriting, fires: ["try await plane.journal.write { db in", "journal.write({ db in"],
            silent: ["plane.write(context) { db in", "// journal.write"], at: path)
    }

    @Test func `no dictionary of Any is passed around`() throws {
        try expectTidy(.anyDictionary, fires: ["[String: Any]", "[String : any Any]"], silent: ["[String: AnyKey]"])
    }

    @Test func `only the command line tool prints`() throws {
        try expectTidy(.printing, fires: ["print(a)", "debugPrint(a)"], silent: ["fingerprint(a)", "a.print(b)"])
        #expect(try TidyPattern.printing.findings(in: sample("print(a)", at: "Sources/Tollgate/A.swift")).isEmpty)
    }

    @Test func `time comes from the injected clock`() throws {
        try expectTidy(
            .readingTheClock,
            fires: [
                "let a = Date()", "Date.now", "try await Task.sleep(for: a)", "usleep(5)", "ContinuousClock().now",
                "DispatchTime.now()", "clock_gettime(CLOCK_MONOTONIC, &a)",
            ],
            silent: ["Date(timeIntervalSince1970: 1)", "clock.sleep(a)", "// Date()"]
        )
        let clock = sample("Date()", at: "Sources/Tenancy/SystemClock.swift")
        #expect(try TidyPattern.readingTheClock.findings(in: clock).isEmpty)
    }

    @Test func `what switches a compiler check off says why`() throws {
        let bare = "let a = 1\nfinal class A: @unchecked Sendable {}"
        #expect(TidyComments.unexplained(in: sample(bare)).map(\.line) == [2])
        #expect(TidyComments.unexplained(in: sample("nonisolated(unsafe) var a = 1")).count == 1)
        #expect(TidyComments.unexplained(in: sample("nonisolated(unsafe) var a = 1 // one loop")).isEmpty)
        let above = "/// Guarded by the lock.\n@frozen\nfinal class A: @unchecked Sendable {}"
        #expect(TidyComments.unexplained(in: sample(above)).isEmpty)
        try expectTidy(TidyComments.unexplained)
    }

    @Test func `nothing is left for later`() throws {
        try expectTidy(.leftForLater, fires: ["// TODO: a", "/* FIXME */"], silent: [#"let a = "TODO""#, "// TODOs"])
    }
}
