/// What the operator allows all calls to backends: where they may connect, and whose certificates count.
public struct UpstreamPolicy: Sendable, Equatable {
    /// The addresses that may be connected to.
    public var egress = EgressRule()
    /// A PEM file of authorities that are trusted beside the system's; nil: only the system's.
    public var caFile: String?

    /// The defaults of the configuration file.
    public init() {}

    /// Whether the file of authorities, if there is one, can be read and holds a certificate.
    public var canReadAuthorities: Bool { caFile.map(CurlAuthorities.areIn) ?? true }
}
