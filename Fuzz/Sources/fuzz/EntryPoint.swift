import Glibc

/// What the fuzzer calls with each input; the target is chosen by the environment variable FUZZ_TARGET.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    Harness.shared.run(UnsafeRawBufferPointer(start: data, count: size))
    return 0
}
