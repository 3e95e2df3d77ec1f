/// What is fuzzed, one property a case; its raw value is its name.
package protocol FuzzTarget: RawRepresentable, CaseIterable where RawValue == String {
    /// Checks one input; what is wrong stops the process.
    func run(_ input: UnsafeRawBufferPointer)
}
