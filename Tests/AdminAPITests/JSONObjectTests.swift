import Testing

@testable import AdminAPI

@Suite struct JSONObjectTests {
    @Test("fields are read by rule and absent ones are nil")
    func reading() throws {
        let body = try object(#"{"name":"a","count":3,"on":true}"#)
        #expect(body.required("name", .name, else: "") == "a")
        #expect(body.optional("count", .integer(0...10)) == 3)
        #expect(body.optional("on", .flag) == true)
        #expect(body.optional("absent", .flag) == nil)
        try body.finish()
    }

    @Test("a missing field, a null, a wrong type and an unknown field are all named at once")
    func everyFault() throws {
        let body = try object(#"{"count":null,"on":"yes","strange/field":1}"#)
        _ = body.required("name", .name, else: "")
        _ = body.optional("count", .integer(0...10))
        _ = body.optional("on", .flag)
        let problem = try #require(throws: Problem.self) { try body.finish() }
        #expect(problem.code == "invalid_request")
        #expect(
            problem.errors == [
                FieldError(pointer: "/name", detail: "is required"),
                FieldError(pointer: "/count", detail: "must be a number, not null"),
                FieldError(pointer: "/on", detail: "must be true or false, not a string"),
                FieldError(pointer: "/strange~1field", detail: "is unknown or read-only; known are count, name, on"),
            ])
    }

    @Test("of very many unknown fields a hundred are named")
    func manyFaults() throws {
        let members = (0..<1000).map { "\"x\($0)\":1" }.joined(separator: ",")
        let body = try object("{\(members)}")
        let problem = try #require(throws: Problem.self) { try body.finish() }
        #expect(problem.errors.count == 100)
    }

    @Test("faults inside objects and lists carry their whole pointer")
    func nested() throws {
        let body = try object(#"{"queue":{"max":-1,"x":0},"targets":[{"pool":"a"},{"pool":7}],"list":["a",""]}"#)
        _ = body.object("queue")?.optional("max", .integer(0...5))
        for target in body.objects("targets", atMost: 5) ?? [] { _ = target.required("pool", .reference, else: "") }
        _ = body.optional("list", .texts(.reference, atMost: 5))
        let problem = try #require(throws: Problem.self) { try body.finish() }
        #expect(Set(problem.errors.map(\.pointer)) == ["/list/1", "/queue/max", "/queue/x", "/targets/1/pool"])
    }

    @Test("a nullable field tells absent, null and value apart")
    func nullable() throws {
        let body = try object(#"{"b":null,"c":"x"}"#)
        var (a, b, c): (String?, String?, String?) = ("old", "old", "old")
        body.nullable("a", .reference).apply(to: &a)
        body.nullable("b", .reference).apply(to: &b)
        body.nullable("c", .reference).apply(to: &c)
        #expect(a == "old")
        #expect(b == nil)
        #expect(c == "x")
        try body.finish()
    }

    @Test("a fault with a code of its own gives the problem that code")
    func code() throws {
        let body = try object(#"{"limit":"99999999999999"}"#)
        _ = body.optional("limit", .money)
        let problem = try #require(throws: Problem.self) { try body.finish() }
        #expect(problem.code == "amount_out_of_range")
    }

    private func object(_ text: String) throws -> JSONObject {
        guard case .object(let members) = try JSONParser.parse(Array(text.utf8)) else { throw FieldFault("no object") }
        return JSONObject(members)
    }
}
