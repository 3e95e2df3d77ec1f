import Fuzzing

// Only the fuzzer's one thread ever comes here.
nonisolated(unsafe) private let harness = Harness(GatewayTarget.self)

/// What the fuzzer calls with each input; the target is chosen by the environment variable FUZZ_TARGET.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    harness.run(UnsafeRawBufferPointer(start: data, count: size))
    return 0
}
