import ArgumentParser

/// `tollgate export`: a month's files.
struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Save a month's finance files, and check saved ones.",
        subcommands: [ExportFetch.self, ExportVerify.self])
}
