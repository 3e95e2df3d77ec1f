/// What a hold must survive before its call goes upstream.
public enum HoldSync: String, CaseIterable, Sendable {
    /// The death of the process.
    case process
    /// A power cut too, at the price of an fsync before each call.
    case full
}
