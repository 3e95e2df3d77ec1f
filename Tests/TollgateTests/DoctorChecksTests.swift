import Billing
import Proxy
import Tenancy
import Testing

@testable import Tollgate

@Suite struct DoctorChecksTests {
    private let now = Timestamp(microseconds: 1_795_000_000_000_000)

    @Test(arguments: [
        (UInt32(0o600), UInt32(1000), Finding.State.ok), (0o400, 1000, .ok), (0o640, 1000, .fail), (0o604, 1000, .fail),
        (0o600, 7, .warn), (0o600, 0, .ok),
    ])
    func `a secret is for its owner alone`(mode: UInt32, owner: UInt32, state: Finding.State) {
        let finding = FileChecks.secret("master key", "k", FileFacts(mode: mode, owner: owner), user: 1000)
        #expect(finding.state == state)
        #expect((finding.fix == nil) == (state == .ok))
    }

    @Test func `a secret that is not there fails`() {
        #expect(FileChecks.secret("master key", "k", nil, user: 0).state == .fail)
    }

    @Test func `a configuration that others can write fails`() {
        #expect(FileChecks.configuration("c", FileFacts(mode: 0o644, owner: 0)).state == .ok)
        #expect(FileChecks.configuration("c", FileFacts(mode: 0o664, owner: 0)).fix == "chmod go-w c")
        #expect(FileChecks.configuration("", nil).state == .ok)
    }

    @Test func `the database and what lies beside it belong to one user and nobody else`() {
        let good = FileFacts(mode: 0o600, owner: 5)
        let folder = (path: "/d", facts: FileFacts(mode: 0o755, owner: 5, isFolder: true) as FileFacts?)
        #expect(FileChecks.database([("a", good), ("a-wal", good)], folder: folder).state == .ok)
        #expect(FileChecks.database([], folder: folder).state == .none)
        let open = FileChecks.database([("a", good), ("a-wal", FileFacts(mode: 0o644, owner: 5))], folder: folder)
        #expect(open.fix == "chmod 600 a-wal")
        let foreign = FileChecks.database([("a", good), ("a-wal", FileFacts(mode: 0o600, owner: 0))], folder: folder)
        #expect(foreign.fix == "chown --reference=a a-wal")
        let public1 = (path: "/d", facts: FileFacts(mode: 0o777, owner: 5, isFolder: true) as FileFacts?)
        let sticky = (path: "/d", facts: FileFacts(mode: 0o1777, owner: 5, isFolder: true) as FileFacts?)
        #expect(FileChecks.database([("a", good)], folder: public1).state == .fail)
        #expect(FileChecks.database([("a", good)], folder: sticky).state == .ok)
    }

    @Test func `a clock before this version, or before the ledger's newest entry, fails`() {
        let check = { (now: Timestamp, newest: Timestamp?, isSynchronized: Bool?) in
            MachineChecks.clock(now: now, newest: newest, isSynchronized: isSynchronized).state
        }
        #expect(check(Timestamp(microseconds: 0), nil, true) == .fail)
        #expect(check(now, now.adding(milliseconds: 2001), true) == .fail)
        #expect(check(now, now.adding(milliseconds: 2000), true) == .ok)
        #expect(check(now, nil, false) == .warn)
        #expect(check(now, nil, nil) == .ok)
    }

    @Test func `a disk is full where calls are refused, and short before`() {
        let check = { (free: UInt64, total: UInt64) in
            MachineChecks.disk(FreeSpace(free: free, total: total), path: "/").state
        }
        let gib: UInt64 = 1 << 30
        #expect(check(DiskRoom.reserve - 1, 100 * gib) == .fail)
        #expect(check(DiskRoom.reserve, 100 * gib) == .warn)
        #expect(check(gib, 100 * gib) == .ok)
        #expect(check(gib / 10, 2 * gib) == .ok)
        #expect(MachineChecks.disk(nil, path: "/").state == .warn)
        #expect(SizeText.short(gib * 25 / 2) == "12.5 GiB")
        #expect(SizeText.short(1023) == "1023 B")
    }

    @Test func `open calls are in flight while an instance runs, and left over when none does`() {
        #expect(LedgerChecks.holdsFile(open: 0, isRunning: false).state == .ok)
        #expect(LedgerChecks.holdsFile(open: 3, isRunning: true).state == .ok)
        #expect(LedgerChecks.holdsFile(open: 3, isRunning: false).state == .warn)
    }

    @Test func `a model that a capped tenant is refused fails, another without a price warns`() {
        #expect(LedgerChecks.prices(refused: [("m", "t")], free: [], priced: 0).state == .fail)
        #expect(LedgerChecks.prices(refused: [], free: ["m"], priced: 1).state == .warn)
        #expect(LedgerChecks.prices(refused: [], free: [], priced: 1) == .ok("prices", "1 model has one"))
    }

    @Test func `a backup is due after its interval and late after two`() {
        let check = { (age: Int64?) in
            LedgerChecks.backup(
                newest: age.map { now.seconds - $0 }, directory: "/b", everyMS: 3_600_000, now: now
            ).state
        }
        #expect(check(nil) == .fail)
        #expect(check(3600) == .ok)
        #expect(check(3601) == .warn)
        #expect(check(7201) == .fail)
    }

    @Test func `the gateway's own certificate is told before it ends`() {
        func check(days: Int64) -> Finding {
            CertificateChecks.listeners(.success(now.adding(milliseconds: days * 86_400_000)), now: now)
        }
        #expect(check(days: 15).state == .ok && check(days: 13).state == .warn && check(days: 0).state == .fail)
        #expect(CertificateChecks.listeners(nil, now: now).state == .none)
        let broken = CertificateChecks.listeners(.failure(StartRefusal(reason: "tls.key: not there")), now: now)
        #expect(broken.state == .fail && broken.detail == "tls.key: not there")
    }

    @Test func `a backup is judged by what is in it`() {
        func check(_ content: LedgerChecks.BackupContent) -> Finding {
            LedgerChecks.backup(
                newest: now.seconds - 60, content: content, directory: "/b", everyMS: 3_600_000, now: now)
        }
        let useless = check(.useless("it is damaged: page 3"))
        #expect(useless.state == .fail && useless.detail.hasSuffix("but it is damaged: page 3"))
        let whole = check(.whole(newestEntry: now.adding(milliseconds: -7_200_000)))
        #expect(whole.state == .ok && whole.detail.contains("whole, up to an entry 2 h ago"))
        #expect(check(.whole(newestEntry: nil)).detail.hasSuffix("whole, without entries"))
    }

    @Test func `a dead backend fails only where nobody else serves a model`() {
        let dead = BackendFacts(name: "p/a", isDraining: false, error: "connect")
        #expect(BackendChecks.finding(dead, alone: []).state == .warn)
        #expect(BackendChecks.finding(dead, alone: ["m"]).state == .fail)
        #expect(BackendChecks.finding(BackendFacts(name: "p/a", isDraining: true), alone: ["m"]).state == .none)
        let states = [200, 404, 429, 401, 503].map {
            BackendChecks.finding(BackendFacts(name: "p/a", isDraining: false, status: $0), alone: []).state
        }
        #expect(states == [.ok, .ok, .ok, .fail, .warn])
        #expect(
            BackendChecks.alone(["m": ["p/a"], "n": ["p/a", "p/b"]], unreachable: ["p/a"]) == ["p/a": ["m"]])
    }

    @Test func `the instance is judged by its lock and by who answers`() {
        let state = { (isLocked: Bool?, status: Int?, isWritable: Bool?) in
            GatewayFacts(isLocked: isLocked, status: status, isWritable: isWritable).finding(at: "a").state
        }
        #expect(state(true, 200, true) == .ok)
        #expect(state(true, 200, false) == .fail)
        #expect(state(true, nil, nil) == .warn)
        #expect(state(false, 200, true) == .warn)
        #expect(state(false, nil, nil) == .ok)
        #expect(state(nil, nil, nil) == .ok)
    }

    @Test func `somebody must be able to get in, next month too`() {
        let key = { (role: AdminRole, days: Int64?) in
            AdminKey(
                id: ID("adm_1"), publicID: "p", name: "n", role: role, phc: "$", createdAt: self.now,
                expiresAt: days.map { self.now.adding(milliseconds: $0 * 86_400_000) })
        }
        let state = { (bootstrap: CredentialChecks.Bootstrap, keys: [AdminKey], status: Int?) in
            CredentialChecks.admin(bootstrap, keys: keys, status: status, now: self.now).state
        }
        #expect(state(.good("x"), [], nil) == .ok)
        #expect(state(.good("x"), [], 200) == .ok)
        #expect(state(.good("x"), [], 401) == .warn)
        #expect(state(.absent, [], nil) == .fail)
        #expect(state(.absent, [key(.viewer, nil), key(.admin, -1)], nil) == .fail)
        #expect(state(.bad("short"), [key(.admin, nil)], nil) == .fail)
        #expect(state(.good("x"), [key(.admin, nil)], 401) == .ok)
        #expect(state(.absent, [key(.admin, 13)], nil) == .warn)
        #expect(state(.absent, [key(.admin, 13), key(.admin, nil)], nil) == .ok)
        #expect(state(.absent, [key(.admin, 13), key(.admin, 15)], nil) == .ok)
        #expect(state(.good("x"), [key(.admin, 13)], 401) == .ok)
    }

    @Test func `a lock is found in the system's table by its inode`() {
        let table = """
            1: POSIX  ADVISORY  READ 9 fe:01:77 0 EOF
            2: FLOCK  ADVISORY  WRITE 123 fe:01:4711 0 EOF
            """
        #expect(LockFacts.isLocked(inode: 4711, table: table))
        #expect(!LockFacts.isLocked(inode: 77, table: table))
        #expect(!LockFacts.isLocked(inode: 711, table: table))
        #expect(!LockFacts.isLocked(inode: 4711, table: ""))
    }

    @Test func `a path or name with spaces is one word of the command that mends it`() {
        let open = FileFacts(mode: 0o666, owner: 5)
        #expect(FileChecks.secret("k", "a b", open, user: 5).fix == "chmod 600 'a b'")
        #expect(FileChecks.configuration("it's", open).fix == #"chmod go-w 'it'\''s'"#)
        #expect(FileChecks.database([("a b", open)], folder: ("/", nil)).fix == "chmod 600 'a b'")
        #expect(MachineChecks.disk(nil, path: "/a b").fix == "look at df '/a b'")
        let refused = BackendFacts(name: "my pool/a", isDraining: false, status: 401)
        #expect(
            BackendChecks.finding(refused, alone: []).fix
                == "tollgate backends update 'my pool/a' --set 'api_key={env: NAME}'")
        let silent = BackendFacts(name: "my pool/a", isDraining: false)
        #expect(BackendChecks.finding(silent, alone: []).fix?.hasSuffix("backends show 'my pool/a'") == true)
    }

    @Test func `wide characters take two columns in the report`() {
        let findings = [Finding.ok("backend 東/a", "x"), .ok("clock", "y")]
        #expect(DoctorReport.text(findings, width: nil).hasPrefix("ok    backend 東/a  x\nok    clock         y\n"))
    }

    @Test func `findings are one line each, with the fix below`() {
        let findings = [Finding.ok("clock", "right"), .fail("master key", "open to others", fix: "chmod 600 k")]
        #expect(
            DoctorReport.text(findings, width: nil) == """
                ok    clock       right
                fail  master key  open to others
                                  fix: chmod 600 k
                1 ok, 1 fail
                """)
        #expect(DoctorReport.json(findings)["ok"] == .bool(false))
        #expect(DoctorReport.json(findings)["findings"].items.map { $0["state"].plain } == ["ok", "fail"])
    }

    @Test func `a certificate warns two weeks before its end and fails at it`() {
        let day: Int64 = 86_400_000
        let check = { (days: [Int64?]) in
            BackendChecks.certificates(
                days.enumerated().map { number, days in
                    var facts = BackendFacts(name: "p/\(number)", isDraining: false)
                    facts.usesTLS = true
                    facts.certificateEnd = days.map { now.adding(milliseconds: $0 * day) }
                    return facts
                }, now: now)
        }
        #expect(check([15, 300]).map(\.state) == [.ok])
        #expect(check([15, 300]).first?.detail.contains("2 certificates") == true)
        #expect(check([13, 300, 0, -3]).map(\.state) == [.warn, .fail, .fail])
        #expect(check([13]).first?.check == "TLS p/0")
        #expect(check([nil]).map(\.state) == [.warn])
        #expect(BackendChecks.certificates([BackendFacts(name: "p/a", isDraining: false)], now: now)[0].state == .none)
    }

    @Test func `a price of a tier or above a threshold alone prices nothing`() {
        func facts(tier: String? = nil, above: Int64? = nil) -> DatabaseFacts {
            let price = PriceVersion(
                id: "prc_1", model: "m", tier: tier, aboveTokens: above, effectiveFrom: now, publishedAt: now,
                rates: Rates(input: 1, output: 1))
            let model = ModelDefinition(name: "m", targets: [], maxOutputTokens: 1, createdAt: now)
            return DatabaseFacts(routing: RoutingSnapshot(models: [model]), prices: [price])
        }
        #expect(facts().unpriced(at: now).free == [])
        #expect(facts(tier: "batch").unpriced(at: now).free == ["m"])
        #expect(facts(above: 1000).unpriced(at: now).free == ["m"])
        #expect(facts(above: 1000).pricedCount(at: now) == 0)
    }
}
