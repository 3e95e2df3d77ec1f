import Foundation
import Testing

@testable import Tollgate

@Suite struct StarterFilesTests {
    private func mode(_ path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return try #require(attributes[.posixPermissions] as? NSNumber).intValue
    }

    @Test func `only the owner can read what init writes`() throws {
        let folder = try TemporaryFolder()
        _ = try StarterFiles(folder: folder.path).write()
        for name in ["tollgate.yaml", "master.key", "admin.key"] {
            #expect(try mode("\(folder.path)/\(name)") == 0o600)
        }
    }

    @Test func `the gateway accepts what init writes`() throws {
        let folder = try TemporaryFolder()
        let key = try StarterFiles(folder: folder.path).write()
        let configuration = try Configuration.load(path: "\(folder.path)/tollgate.yaml", environment: [:])
        #expect(CheckConfig.problems(with: configuration, [:]) == [])
        #expect(try configuration.adminKey?.resolve(environment: [:]) == key)
        #expect(key.count >= 40)
        #expect(configuration.storagePath.hasSuffix("/tollgate.db"))
    }

    @Test func `two gateways never share a key`() throws {
        let folders = [try TemporaryFolder(), try TemporaryFolder()]
        let keys = try folders.map { try StarterFiles(folder: $0.path).write() }
        #expect(keys[0] != keys[1])
    }

    @Test(arguments: ["tollgate.yaml", "master.key", "admin.key"])
    func `nothing is overwritten, and then nothing is written either`(name: String) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("mine", to: name)
        let failure = #expect(throws: CommandFailure.self) { try StarterFiles(folder: folder.path).write() }
        #expect(failure?.status == .conflict)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "mine")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [name])
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
