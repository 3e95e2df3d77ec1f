/// Takes the line of each request; called on the event loops, so it must neither wait nor write.
public struct RequestLog: Sendable {
    let isOn: @Sendable () -> Bool
    let write: @Sendable (RequestLine) -> Void

    /// Nobody reads them.
    public static let off = RequestLog(isOn: { false }, write: { _ in })

    /// Hands lines to `write` while `isOn`.
    public init(isOn: @escaping @Sendable () -> Bool, write: @escaping @Sendable (RequestLine) -> Void) {
        self.isOn = isOn
        self.write = write
    }

    /// Makes the line only if it is wanted.
    @inline(__always)
    func callAsFunction(_ line: () -> RequestLine) {
        if isOn() { write(line()) }
    }
}
