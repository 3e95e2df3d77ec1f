import Foundation
import Testing

@testable import Tollgate

@Suite struct FieldInputTests {
    private func body(
        _ settings: [String], fields: [Field], partial: Bool = true, given: [String: String] = [:], file: String? = nil
    ) throws -> JSONValue {
        var input = FieldInput()
        input.settings = settings
        input.file = file
        return try input.body(fields: fields, given: given, partial: partial, environment: ["NAME": "from-env"])
    }

    @Test func `values take the type of their field`() throws {
        let body = try body(
            ["limit=10.00", "alerts_at=[0.5, 1]", "pool=null", "window=day"], fields: Field.budget)
        #expect(body["limit"] == .string("10.00"))
        #expect(body["alerts_at"] == .array([.number(0.5), .number(1)]))
        #expect(body.members["pool"] == JSONValue.null)
        #expect(try self.body(["hold_wait_ms=5"], fields: Field.tenant)["hold_wait_ms"] == .number(5))
    }

    @Test func `a dot reaches inside`() throws {
        let body = try body(["timeouts.connect=7s", "timeouts.min_rate=0"], fields: Field.backend)
        #expect(body == .object(["timeouts": .object(["connect": .string("7s"), "min_rate": .number(0)])]))
        #expect(
            try self.body(["per_million=null", "per_unit.image=0.04"], fields: Field.price)
                == .object(["per_million": .null, "per_unit": .object(["image": .string("0.04")])]))
        #expect(try self.body(["tags.team=a"], fields: Field.tenant)["tags"] == .object(["team": .string("a")]))
    }

    @Test func `the command line wins over the file`() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("name: a\ntrim_floor: 3\n", to: "tenant.yaml")
        let body = try body(["trim_floor=4"], fields: Field.tenant, given: ["name": "b"], file: file)
        #expect(body == .object(["name": .string("b"), "trim_floor": .number(4)]))
    }

    @Test(arguments: [
        ("nam=x", "did you mean name?"), ("trim_floor=x", "--set trim_floor: trim_floor must be a whole number"),
        ("=x", "--set takes name=value"), ("name", "--set takes name=value"), ("name=", "name must be a name"),
        ("name= a", "must not begin or end with white space"), ("name=\u{FF1D}a", "must not begin with one of = + - @"),
        ("name=a\u{202E}b", "turns text around"), ("name=cafe\u{301}", "normalization form C"),
        ("on_insufficient=beg", "must be one of refuse, trim"), ("trim_floor=null", "must not be empty"),
    ])
    func `a wrong setting is wrong usage`(setting: String, text: String) {
        let failure = #expect(throws: CommandFailure.self) { try body([setting], fields: Field.tenant) }
        #expect(failure?.status == .usage)
        #expect(failure?.description.contains(text) == true, "\(String(describing: failure))")
    }

    @Test func `something new needs its required fields`() {
        let failure = #expect(throws: CommandFailure.self) { try body([], fields: Field.tenant, partial: false) }
        #expect(failure?.description == "name is required")
    }

    @Test func `secrets come from the environment, never from the arguments`() throws {
        let failure = #expect(throws: CommandFailure.self) { try body(["api_key=sk-1"], fields: Field.backend) }
        #expect(failure?.status == .usage)
        #expect(failure?.description.contains("sk-1") == false)
        #expect(try body(["api_key={env: NAME}"], fields: Field.backend)["api_key"] == .string("from-env"))
    }
}
