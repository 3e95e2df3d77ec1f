extension KeyHasher {
    /// What one argon2id run costs; stored in every hash, so that a change shows.
    public struct Cost: Sendable, Equatable {
        /// Memory in KiB.
        public var memoryKiB: UInt32
        /// Passes over the memory.
        public var iterations: UInt32
        /// Lanes, computed one after the other on one thread.
        public var parallelism: UInt32

        /// By default 19 MiB, two passes, one lane.
        public init(memoryKiB: UInt32 = 19 * 1024, iterations: UInt32 = 2, parallelism: UInt32 = 1) {
            self.memoryKiB = memoryKiB
            self.iterations = iterations
            self.parallelism = parallelism
        }

        /// The cost stated in a PHC string; nil if the string is not argon2id version 19.
        public init?(phc: String) {
            let fields = phc.split(separator: "$", omittingEmptySubsequences: false)
            guard fields.count == 6, fields[0].isEmpty, fields[1] == "argon2id", fields[2] == "v=19" else { return nil }
            let parameters = fields[3].split(separator: ",", omittingEmptySubsequences: false)
            let names = ["m=", "t=", "p="]
            guard parameters.count == names.count else { return nil }
            var values: [UInt32] = []
            for (parameter, name) in zip(parameters, names) {
                let digits = parameter.dropFirst(2)
                guard parameter.hasPrefix(name), digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 }),
                    let value = UInt32(digits)
                else { return nil }
                values.append(value)
            }
            self.init(memoryKiB: values[0], iterations: values[1], parallelism: values[2])
        }

        /// Whether a run would stay within what a machine can be asked for.
        var isBearable: Bool {
            (8...4 * 1024 * 1024).contains(memoryKiB) && (1...64).contains(iterations) && (1...16).contains(parallelism)
                && memoryKiB >= 8 * parallelism
        }
    }
}
