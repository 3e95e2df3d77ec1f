import ArgumentParser

/// `tollgate period list`.
struct ListPeriods: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List months, the latest first.")

    @OptionGroup var options: ClientOptions

    func run() throws {
        options.show(try options.client().list("/periods"), columns: PeriodCommands.columns)
    }
}
