import ArgumentParser

/// `tollgate init`: writes a configuration, a master key and an admin key to start with.
struct Init: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write a configuration, a master key and the first admin key, shown once.")

    @Option(help: "The folder to write to.")
    var directory = "."

    func run() throws {
        let files = StarterFiles(folder: directory)
        let key = try files.write()
        print(
            """
            wrote \(files.path(of: StarterFiles.configuration)), \(files.path(of: StarterFiles.masterKey)) \
            and \(files.path(of: StarterFiles.adminKey))
            admin key: \(key)

            Keep a copy of the master key apart from the database: it opens the backends' credentials.
            Next:
              tollgate serve --config \(files.path(of: StarterFiles.configuration))
              tollgate apply --key-file \(files.path(of: StarterFiles.adminKey)) -f state.yaml
            """)
    }
}
