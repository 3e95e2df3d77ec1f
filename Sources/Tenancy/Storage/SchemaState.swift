/// How a database's tables compare with those this version knows.
public enum SchemaState: Sendable, Equatable {
    /// They are the same.
    case current
    /// An earlier version wrote it, or none yet; opening it for writing brings it up to date.
    case older
    /// A later version wrote it.
    case newer
}
