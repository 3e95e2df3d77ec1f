import AdminAPI
import Foundation
import GRDB
import Proxy
import Tenancy
import Testing

@testable import Tollgate

@Suite struct StarterFilesTests {
    private func mode(_ path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return try #require(attributes[.posixPermissions] as? NSNumber).intValue
    }

    /// Moves what is in the log beside the database into it.
    private func checkpoint(_ path: String) throws {
        let file = try GatewayDatabase.open(path: path)
        try file.pool.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
        try file.close()
    }

    @Test func `only the owner can read what init writes`() throws {
        let folder = try TemporaryFolder()
        let files = StarterFiles(folder: folder.path)
        try files.write()
        try files.write(adminKey: "tga_x")
        for name in ["tollgate.yaml", "master.key", "admin.key"] {
            #expect(try mode("\(folder.path)/\(name)") == 0o600)
        }
    }

    @Test func `the gateway accepts what init writes, and needs an admin key in its database`() async throws {
        let folder = try TemporaryFolder()
        try StarterFiles(folder: folder.path).write()
        let configuration = try Configuration.load(path: "\(folder.path)/tollgate.yaml", environment: [:])
        #expect(configuration.storagePath == "\(folder.path)/tollgate.db")
        let none = ["admin_key: none is configured, and the database holds no admin key"]
        #expect(CheckConfig.problems(with: configuration, [:]) == none)
        let key = try await IssuedAdminKey.make(name: "first", in: configuration, actor: "init")
        #expect(CheckConfig.problems(with: configuration, [:]) == [])
        #expect(key.hasPrefix("tga_"))
        let content = try Data(contentsOf: URL(fileURLWithPath: configuration.storagePath))
        #expect(content.range(of: Data(key.utf8.suffix(49))) == nil)
    }

    @Test func `a damaged database is called damaged, whole or in part, and not one without an admin key`() async throws
    {
        let folder = try TemporaryFolder()
        try StarterFiles(folder: folder.path).write()
        let configuration = try Configuration.load(path: "\(folder.path)/tollgate.yaml", environment: [:])
        let damaged = ["storage \(configuration.storagePath): this is not a database, or it is damaged"]
        _ = try folder.write(String(repeating: "no database ", count: 1000), to: "tollgate.db")
        #expect(CheckConfig.problems(with: configuration, [:]) == damaged)
        try FileManager.default.removeItem(atPath: configuration.storagePath)
        _ = try await IssuedAdminKey.make(name: "first", in: configuration, actor: "init")
        try checkpoint(configuration.storagePath)
        let url = URL(fileURLWithPath: configuration.storagePath)
        let whole = try Data(contentsOf: url)
        try (whole.prefix(4096) + Data(repeating: 0xA5, count: whole.count - 4096)).write(to: url)
        #expect(CheckConfig.problems(with: configuration, [:]) == damaged)
        let key = ["TOLLGATE_ADMIN_KEY": "k9Qv2ZxT7pLm4WcR8sYb1NdF6hJg3XaE"]
        #expect(throws: DatabaseFileError.corrupt) {
            try BootstrapCredential.resolve(nil, environment: key) {
                try GatewayDatabase.hasAdmin(path: configuration.storagePath)
            }
        }
    }

    @Test func `a variable that is not set is forgiven once there is an admin key, a weak credential never`() throws {
        func resolve(_ environment: [String: String], hasAdmin: Bool) throws -> AdminCredential? {
            try BootstrapCredential.resolve(.environment("K"), environment: environment) { hasAdmin }
        }
        #expect(try resolve([:], hasAdmin: true) == nil)
        #expect(throws: StartRefusal.self) { try resolve([:], hasAdmin: false) }
        for weak in ["", "short", String(repeating: "a", count: 40)] {
            #expect(throws: StartRefusal.self) { try resolve(["K": weak], hasAdmin: true) }
        }
        // An operator's own key in the variable is not the gateway's.
        let issued = KeySecret.generate(.admin).text
        #expect(try resolve(["K": issued], hasAdmin: true) == nil)
        #expect(throws: StartRefusal.self) { try resolve(["K": issued], hasAdmin: false) }
        #expect(try resolve(["K": "k9Qv2ZxT7pLm4WcR8sYb1NdF6hJg3XaE"], hasAdmin: true) != nil)
    }

    @Test func `two gateways never share a key`() throws {
        let keys = try (0..<2).map { _ in
            let folder = try TemporaryFolder()
            try StarterFiles(folder: folder.path).write()
            return try String(contentsOfFile: "\(folder.path)/master.key", encoding: .utf8)
        }
        #expect(keys[0] != keys[1])
    }

    @Test(arguments: ["tollgate.yaml", "master.key", "admin.key", "tollgate.db"])
    func `nothing is overwritten, and then nothing is written either`(name: String) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("mine", to: name)
        let failure = #expect(throws: CommandFailure.self) { try StarterFiles(folder: folder.path).write() }
        #expect(failure?.status == .conflict)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "mine")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [name])
    }

    /// A certificate of an authority that never was.
    private static let authority = """
        -----BEGIN CERTIFICATE-----
        MIIBgDCCASWgAwIBAgIUYpNwqs1yZLY8r597x2gyQ+NF7b4wCgYIKoZIzj0EAwIw
        FDESMBAGA1UEAwwJYXV0aG9yaXR5MCAXDTI2MTEzMDEwMDIxMVoYDzIxMjYxMTA2
        MTAwMjExWjAUMRIwEAYDVQQDDAlhdXRob3JpdHkwWTATBgcqhkjOPQIBBggqhkjO
        PQMBBwNCAATRKD47Zvgoggm0sJUu657i8KIA5Xt6sc3HHRTkQ2HsrlR7FmaKAIds
        SckSuIChKJTU1uwONDerITvu0lu3T0Cqo1MwUTAdBgNVHQ4EFgQU2FX2i42ZNIN6
        DsCNIrzGcyJAjxswHwYDVR0jBBgwFoAU2FX2i42ZNIN6DsCNIrzGcyJAjxswDwYD
        VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEAxq2klMdZFqBF9w9YPzSo
        H+1HNytRQxDBN3NSgFZXUwMCIQCjkOU1hNCnho7KJ7qsLFp3k6hp9attYOj1uN64
        WpcpOw==
        -----END CERTIFICATE-----
        """

    @Test func `files without which the gateway does not start are missed before the start`() throws {
        let folder = try TemporaryFolder()
        let secrets = [
            "TOLLGATE_MASTER_KEY": MasterKey.generate(), "TOLLGATE_ADMIN_KEY": "k9Qv2ZxT7pLm4WcR8sYb1NdF6hJg3XaE",
        ]
        var configuration = try ConfigurationFile.read("", file: nil, environment: [:])
        configuration.upstream.caFile = "\(folder.path)/authorities.pem"
        configuration.dashboard.directory = folder.path
        #expect(
            CheckConfig.problems(with: configuration, secrets) == [
                "dashboard.directory \(folder.path): there is no index.html that can be read",
                "routing.ca_file \(folder.path)/authorities.pem: no certificate can be read from it",
            ])
        _ = try folder.write("<!doctype html>", to: "index.html")
        _ = try folder.write(Self.authority, to: "authorities.pem")
        #expect(CheckConfig.problems(with: configuration, secrets) == [])
    }

    @Test func `missing and weak secrets are found before the start`() throws {
        let configuration = try ConfigurationFile.read("", file: nil, environment: [:])
        #expect(
            CheckConfig.problems(with: configuration, ["TOLLGATE_MASTER_KEY": "c2hvcnQ=", "TOLLGATE_ADMIN_KEY": "abc"])
                == [
                    "master_key: the key is shorter than 32 bytes", "admin_key: the key is shorter than 32 characters",
                ])
        #expect(CheckConfig.problems(with: configuration, [:]).count == 2)
    }
}
