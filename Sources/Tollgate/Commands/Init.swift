import ArgumentParser
import Foundation

/// `tollgate init`: writes a configuration and a master key, and makes the database with the first admin key.
struct Init: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Write a configuration and a master key, and make the first admin key.",
        discussion: """
            The admin key is shown once and kept in admin.key for --key-file; the database holds only its hash, so the \
            file may be removed once the key is kept elsewhere.
            """)

    @Option(help: "The folder to write to.")
    var directory = "."

    func run() async throws {
        let files = StarterFiles(folder: directory)
        try files.write()
        let configuration = try Configuration.load(path: files.path(of: StarterFiles.configuration), environment: [:])
        let key = try await IssuedAdminKey.make(name: "first", in: configuration, actor: "init")
        try files.write(adminKey: key)
        print(
            """
            wrote \(files.path(of: StarterFiles.configuration)), \(files.path(of: StarterFiles.masterKey)), \
            \(files.path(of: StarterFiles.adminKey)) and \(files.path(of: StarterFiles.database))
            admin key: \(key)

            Keep a copy of the master key apart from the database: it opens the backends' credentials.
            Next:
              tollgate serve --config \(files.path(of: StarterFiles.configuration))
              tollgate apply --key-file \(files.path(of: StarterFiles.adminKey)) -f state.yaml
            """)
    }
}
