/// What things from elsewhere are called here: as they were where that is a good name, mended and unique otherwise.
struct ImportedNames: Sendable {
    private var names: [String: String] = [:]

    /// Names for all of them; good names stay, whatever else would be mended to the same.
    init(_ originals: [String]) {
        var taken: Set<String> = []
        for original in originals where ImportName.cleaned(original) == original {
            names[original] = ImportName.cleaned(original)
            taken.insert(original)
        }
        for original in originals where names[original] == nil {
            names[original] = ImportName.unique(ImportName.cleaned(original), among: &taken)
        }
    }

    subscript(original: String) -> String { names[original] ?? ImportName.cleaned(original) }
}
