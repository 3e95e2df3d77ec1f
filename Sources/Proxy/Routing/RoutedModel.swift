/// A model as the router knows it: with the APIs that the pools of its targets speak.
struct RoutedModel: Sendable {
    let definition: ModelDefinition
    /// Those of each target's pool, in the order of the targets.
    let kinds: [BackendKinds]

    /// Whether one of the targets may serve a call that needs this API. A pool without backends speaks none because
    /// it is empty, not because it is of another kind.
    func serves(_ kind: BackendKind, in targets: [Admission.Target]) -> Bool {
        let needed = BackendKinds(kind)
        return zip(definition.targets, kinds).contains { target, kinds in
            (kinds.isEmpty || kinds.contains(needed)) && targets.contains { $0.pool == target.pool }
        }
    }
}
