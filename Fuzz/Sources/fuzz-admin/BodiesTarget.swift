import Fuzzing

@testable import AdminAPI

/// What a call takes for its body suits what the OpenAPI document says of it, and what it refuses is named by its place.
enum BodiesTarget {
    /// One call that takes JSON.
    private struct Call {
        let read: @Sendable (JSONObject) -> Void
        let schema: JSONValue
    }

    /// Longer bodies are only read: what is slow in them must be the product's.
    private static let comparedBytes = 8 * 1024

    private static let calls: [Call] = {
        let taking = AdminStage.table.routes.filter { $0.shape?.body != nil && $0.path.text.hasPrefix("/admin/v1/") }
        return taking.sorted { ($0.path.text, $0.method.rawValue) < ($1.path.text, $1.method.rawValue) }
            .compactMap { route in
                guard let read = route.shape?.body else { return nil }
                let recorder = FieldRecorder()
                read(JSONObject(recorder: recorder))
                return Call(read: read, schema: recorder.schema)
            }
    }()

    static func run(_ bytes: UnsafeRawBufferPointer) {
        var input = FuzzInput(bytes)
        let call = input.pick(calls)
        let body = input.array
        guard case .object(let members)? = try? JSONParser.parse(body) else { return }
        let object = JSONObject(members)
        call.read(object)
        let value = JSONValue.object(members)
        do throws(Problem) {
            try object.finish()
            guard body.count <= comparedBytes else { return }
            let faults = NaiveSchema.faults(value, call.schema)
            precondition(faults.isEmpty, "taken: \(value.text): \(faults)")
        } catch {
            precondition(error.status == .badRequest && !error.errors.isEmpty && !error.code.isEmpty, error.detail)
            guard body.count <= comparedBytes else { return }
            for fault in error.errors { check(fault, in: value) }
        }
    }

    /// A pointer leads to a value of the body, or to a member that an object of it has not.
    private static func check(_ fault: FieldError, in body: JSONValue) {
        // By bytes: a name may begin with a mark that makes one character with the slash before it.
        precondition(!fault.detail.isEmpty && fault.pointer.utf8.first == UInt8(ascii: "/"), fault.pointer)
        var value: JSONValue? = body
        for part in fault.pointer.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        {
            guard let present = value else { preconditionFailure("\(fault.pointer) is in no object: \(body.text)") }
            let name = unescaped(Array(part))
            switch present {
            case .object(let members):
                value = members.first { $0.name.utf8.elementsEqual(name.utf8) }?.value
            case .array(let values):
                guard let index = Int(name), values.indices.contains(index) else {
                    preconditionFailure("\(fault.pointer) is no item: \(body.text)")
                }
                value = values[index]
            default: preconditionFailure("\(fault.pointer) leads into \(present.kind): \(body.text)")
            }
        }
    }

    /// `~1` is a slash, `~0` a tilde.
    private static func unescaped(_ part: [UInt8]) -> String {
        var plain: [UInt8] = []
        var rest = part[...]
        while let byte = rest.popFirst() {
            if byte != UInt8(ascii: "~") {
                plain.append(byte)
            } else {
                plain.append(rest.popFirst() == UInt8(ascii: "1") ? UInt8(ascii: "/") : byte)
            }
        }
        return String(decoding: plain, as: UTF8.self)
    }
}
