import ArgumentParser

/// `tollgate period`: billing months.
struct PeriodCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "period", abstract: "Close billing months and correct closed ones.",
        discussion: "A month is a UTC calendar month. Once closed it never changes; corrections count in the open one.",
        subcommands: [ListPeriods.self, ShowPeriod.self, ClosePeriod.self, CorrectPeriod.self])

    static let columns = [
        "period", "status", "entries", "cost", "due_at", "closed_at", "live_holds", "uncertain_holds", "chain_head",
    ]
}
