import HTTPTypes

/// What can be done next with a thing that a call has just made: links of the document.
struct OpenAPILinks {
    /// All calls.
    let routes: [AdminRoute]

    /// The links of a call's success; empty if it makes nothing that others name in their paths.
    func json(of route: AdminRoute, answering sample: Sample) -> [JSONMember] {
        guard let made = made(by: route) else { return [] }
        guard case .object(let members) = sample.json else { return [] }
        let field = members.first { $0.name == "id" || $0.name == "name" }?.name ?? "id"
        return routes.filter { $0.shape != nil && $0.path.names.contains(made) }.compactMap { next in
            let parameters = next.path.names.map { name -> JSONMember? in
                if name == made { return JSONMember(name, .string("$response.body#/\(field)")) }
                guard route.path.names.contains(name) else { return nil }
                return JSONMember(name, .string("$request.path.\(name)"))
            }
            let known = parameters.compactMap(\.self)
            guard known.count == parameters.count else { return nil }
            let id = OpenAPIOperation.id(of: next)
            return JSONMember(id, ["operationId": .string(id), "parameters": .object(known)])
        }
    }

    /// The parameter that names what a call makes: `tenant` of POST `/tenants`, `model` of PUT `/models/{model}`.
    private func made(by route: AdminRoute) -> String? {
        if route.method == .put { return route.shape?.statuses.contains(201) == true ? route.path.names.last : nil }
        guard route.method == .post, let last = route.path.text.split(separator: "/").last, last.hasSuffix("s") else {
            return nil
        }
        return String(last.dropLast()).replacing("-", with: "_")
    }
}
