import Foundation
import Fuzzing
import Proxy
import Tenancy

#if canImport(TollgateFiles)
@testable import TollgateFiles
#else
@testable import Tollgate
#endif

/// The operator's files and their words: settings, states, and other gateways' configurations.
enum FilesTarget {
    /// Longer texts are only read: what is slow in them must be the product's.
    private static let comparedBytes = 8 * 1024
    private static let now = Timestamp(microseconds: 1_795_435_200_000_000)
    private static let variables = ["A": "value", "B": "http://127.0.0.1:9/v1"]

    static func run(_ bytes: UnsafeRawBufferPointer) {
        var input = FuzzInput(bytes)
        let choice = input.byte() % 7
        switch choice {
        case 0: checkSettings(&input)
        case 1: checkState(input.text)
        case 2: checkImport(&input)
        case 3: checkWords(input.text)
        case 4: checkAmount(input.text)
        case 5: checkTable(&input)
        default: checkText(input.text)
        }
    }

    // MARK: Settings

    /// A line that is a variable's value, then the file.
    private static func checkSettings(_ input: inout FuzzInput) {
        let setting = input.pick(["LIMITS__MAX_BODY", "LISTEN", "TRUSTED_PROXIES", "ROUTING", "LOG__LEVEL", ""])
        let value = input.line()
        let text = input.text
        let environment = setting.isEmpty ? [:] : ["TOLLGATE__" + setting: value]
        do throws(DocumentFaults) {
            let read = try ConfigurationFile.read(text, file: nil, environment: environment)
            precondition(read.needsRestart(for: read).isEmpty)
            let again = try ConfigurationFile.read(text, file: nil, environment: environment)
            precondition(read.needsRestart(for: again).isEmpty && "\(again)" == "\(read)", text)
            precondition(read.limits.bodyMemory >= read.limits.maxBody && read.routing.maxAttempts >= 1, text)
            let isPlain = read.tls == nil && !read.allowPlaintext
            precondition(!isPlain || read.listen.isLoopback && read.adminListen.isLoopback, text)
        } catch {
            check(error, in: text)
        }
        // A secret that stands where its place should be named is not repeated.
        let secret = "c4n4ry-of-32-bytes-0123456789abc"
        guard text.utf8.count <= comparedBytes, !text.contains("c4n4ry"), !value.contains("c4n4ry") else { return }
        do throws(DocumentFaults) {
            _ = try ConfigurationFile.read("admin_key: \(secret)\n" + text, file: nil, environment: environment)
            preconditionFailure("a secret in the file is taken: \(text)")
        } catch {
            precondition(!error.description.contains("c4n4ry"), error.description)
        }
    }

    private static func check(_ error: DocumentFaults, in text: String) {
        precondition(!error.faults.isEmpty, text)
        let bytes = text.utf8.count
        for fault in error.faults {
            precondition(!fault.text.isEmpty, text)
            // Yams counts one more at the end of a text.
            if case .line(let line) = fault.place { precondition(0...bytes + 2 ~= line, "line \(line)") }
        }
    }

    // MARK: States

    private static func checkState(_ text: String) {
        do throws(DocumentFaults) {
            let wanted = try state(text, variables)
            guard text.utf8.count <= comparedBytes else { return }
            let written = written(wanted)
            let again = try state(written, variables)
            precondition(again == wanted, "\(written) is read as \(again.plain)")
        } catch {
            check(error, in: text)
        }
    }

    /// What is asked for as YAML in one line.
    private static func written(_ value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .bool(let flag): flag ? "true" : "false"
        case .number(let number): "\(number)"
        case .string(let text): YAMLText.quoted(text)
        case .array(let values): "[" + values.map(written).joined(separator: ", ") + "]"
        case .object(let members):
            "{" + members.map { "\(YAMLText.quoted($0.key)): \(written($0.value))" }.joined(separator: ", ") + "}"
        }
    }

    private static func state(
        _ text: String, _ environment: [String: String]
    ) throws(DocumentFaults) -> JSONValue {
        let document: DocumentValue
        do {
            document = try DocumentText.parse(text)
        } catch {
            throw DocumentFaults(file: nil, faults: [error])
        }
        let reading = DocumentReading(environment: environment)
        let wanted = FieldKind.readObject(document, "", reading, fields: Field.state)
        try reading.finish(file: nil)
        return wanted ?? .object([:])
    }

    // MARK: Imports

    /// The configuration, and behind a byte that no text has what its API tells of keys.
    private static func checkImport(_ input: inout FuzzInput) {
        let parts = input.array.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
        let texts = parts.map { String(decoding: $0, as: UTF8.self) }
        guard let document = try? DocumentText.parse(texts[0]) else { return }
        let lists = texts.dropFirst().compactMap { try? DocumentText.parse($0) }
        guard let result = try? LiteLLMImport.run(document, lists: lists, now: now) else { return }
        _ = result.notes.text
        guard input.array.count <= comparedBytes else { return }
        let pairs = result.notes.variables.map { ($0.name, "https://example.com/v1") }
        do throws(DocumentFaults) {
            _ = try state(result.state, Dictionary(pairs) { first, _ in first })
        } catch {
            preconditionFailure("apply refuses what was imported: \(error)\n\(result.state)")
        }
        let second = try? LiteLLMImport.run(document, lists: lists, now: now)
        precondition(second?.state == result.state && second?.notes == result.notes, "another state the second time")
    }

    // MARK: Words

    private static func checkWords(_ text: String) {
        checkSize(text)
        if let address = ListenAddress(text) {
            precondition(0...65535 ~= address.port && !address.host.isEmpty, text)
            precondition(ListenAddress(address.description) == address, text)
            precondition(!address.isLoopback || address.reachable == address, text)
        }
        if let path = try? StorageURL.path(text) {
            precondition(text.utf8.elementsEqual(("sqlite://" + path).utf8) && !path.isEmpty, text)
        }
        if text.utf8.count <= 512 {
            let edits = NearestName.edits(text, "listen")
            precondition(edits == NearestName.edits("listen", text) && edits >= abs(text.count - 6), text)
            precondition((edits == 0) == (text == "listen"), text)
        }
    }

    private static func checkSize(_ text: String) {
        let read = SizeText.bytes(text)
        let bytes = Array(text.utf8)
        let digits = bytes.prefix { 0x30...0x39 ~= $0 }
        let unit = String(decoding: bytes.dropFirst(digits.count).drop { $0 == 0x20 }, as: UTF8.self)
        let factors: [String: Int128] = [
            "": 1, "B": 1, "kB": 1000, "MB": 1_000_000, "GB": 1_000_000_000, "KiB": 1024, "MiB": 1_048_576,
            "GiB": 1_073_741_824,
        ]
        var wanted: Int?
        let significant = digits.drop { $0 == 0x30 }
        if !digits.isEmpty, significant.count <= 20, let factor = factors[unit] {
            wanted = Int(exactly: significant.reduce(Int128(0)) { $0 * 10 + Int128($1 - 0x30) } * factor)
        }
        precondition(read == wanted, text)
        guard let read else { return }
        precondition(SizeText.bytes(SizeText.text(read)) == read, text)
        precondition(!SizeText.short(UInt64(read)).isEmpty)
    }

    private static func checkAmount(_ text: String) {
        let (amount, plain) = (ExactAmount.read(text), PlainDecimal.read(text))
        guard text.utf8.count <= comparedBytes else { return precondition(amount == nil && plain == nil) }
        guard let naive = NaiveDecimal(text) else {
            return precondition(amount == nil && plain == nil, text)
        }
        if let amount {
            precondition(naive.isNegative == nil && amount >= 0, text)
            // Rounded up, so never below the price.
            let (million, isRounded) = ExactAmount.perMillion(amount)
            guard let exact = naive.whole(movedBy: 12), let written = NaiveDecimal(million)?.whole(movedBy: 6) else {
                return
            }
            precondition(written.isExact, million)
            let floor = exact.value
            precondition(written.value >= floor && written.value <= floor + 1, "\(text) \(million)")
            precondition(isRounded == !exact.isExact, "\(text) \(million)")
            if exact.isExact { precondition(written.value == floor, "\(text) \(million)") }
        }
        guard let plain else { return }
        precondition(naive.powerDigits == nil && naive.isNegative != false, text)
        guard let whole = naive.whole(movedBy: 12), whole.isExact else { return }
        let sign: Int128 = naive.isNegative == true ? -1 : 1
        let scaled = plain * Decimal(sign: .plus, exponent: 12, significand: 1)
        precondition(Int128("\(scaled)") == whole.value * sign, text)
    }

    // MARK: Tables and texts

    private static func checkTable(_ input: inout FuzzInput) {
        let separator = input.pick([UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t")])
        var dice = input.dice()
        let bytes = input.array
        var whole = CSVReader(separator: separator)
        let lines = whole.lines(bytes)
        var split = CSVReader(separator: separator)
        var again: [[String]] = []
        for piece in input.bytes.pieces(&dice) { again += split.lines(piece.readableBytesView) }
        precondition(lines == again, "the lines depend on the pieces")
        guard bytes.count <= comparedBytes, !lines.isEmpty else { return }
        // Written with every cell in quotes, they are read again.
        let quote = UInt8(ascii: "\"")
        let written = lines.flatMap { line in
            let cells = line.map { cell in
                [quote] + cell.utf8.flatMap { $0 == quote ? [quote, quote] : [$0] } + [quote]
            }
            return Array(cells.joined(separator: [separator])) + Array("\r\n".utf8)
        }
        var third = CSVReader(separator: separator)
        precondition(third.lines(written) == lines, "\(lines)")
    }

    /// Any text, as a word of a state file.
    private static func checkText(_ text: String) {
        // The YAML parser takes a byte order mark from the start of a scalar.
        guard text.utf8.count <= comparedBytes, text.unicodeScalars.first != "\u{FEFF}" else { return }
        for written in [YAMLText.scalar(text), YAMLText.quoted(text)] {
            guard let document = try? DocumentText.parse("a: { b: [\(written), 1] }\nc: 2") else {
                preconditionFailure("no YAML: \(written)")
            }
            let read = document["a"]?["b"]?.items.first?.text
            precondition(read.map { $0.utf8.elementsEqual(text.utf8) } == true, "\(written) is read as \(read ?? "")")
            precondition(document["c"]?.text == "2", written)
        }
    }
}
