import Foundation
import Proxy

/// LiteLLM's `model_list` and `router_settings` as pools and models.
struct LiteLLMModels: Sendable {
    private(set) var pools: [ImportedPool] = []
    private(set) var models: [ImportedModel] = []
    private var poolNames: Set<String> = []
    private var backendNames: Set<String> = []
    /// The pools whose backends may serve several models, by those backends.
    private var shared: [[ImportedBackend]: String] = [:]
    private let router: LiteLLMRouter
    private let names: ImportedNames

    /// Builds pools and models; what has no counterpart goes to the notes.
    init(_ deployments: [LiteLLMDeployment], router: LiteLLMRouter, notes: inout ImportNotes) {
        self.router = router
        var groups: [(name: String, deployments: [LiteLLMDeployment])] = []
        for deployment in deployments {
            if let index = groups.firstIndex(where: { $0.name == deployment.group }) {
                groups[index].deployments.append(deployment)
            } else {
                groups.append((deployment.group, [deployment]))
            }
        }
        names = ImportedNames(groups.map(\.name) + router.aliases.keys.sorted())
        for group in groups { add(group.name, group.deployments, notes: &notes) }
        addFallbacks(notes: &notes)
        addAliases(notes: &notes)
    }

    // MARK: Models

    /// The model's name here; another one than before is told.
    private func name(of origin: String, notes: inout ImportNotes) -> String {
        let name = names[origin]
        if !ImportName.isKept(name, as: origin) {
            notes.lose("model \(origin)", "is called \(name) here; clients must ask for that")
        }
        return name
    }

    private mutating func add(_ origin: String, _ deployments: [LiteLLMDeployment], notes: inout ImportNotes) {
        let name = name(of: origin, notes: &notes)
        var kinds = deployments.map(\.backend.kind)
        if Set(kinds).count > 1 {
            notes.lose(
                "model \(name)",
                "mixes OpenAI's and Anthropic's API: each of its backends serves only the routes of its own")
        } else if kinds.popLast() == .anthropic {
            notes.lose(
                "model \(name)", "speaks Anthropic's API: clients call /v1/messages, and nothing is translated")
        }
        var model = ImportedModel(name: name, origin: origin, targets: [])
        for chunk in chunks(deployments, of: name, notes: &notes) {
            let backends = weighted(chunk, notes: &notes)
            model.targets.append(
                ImportedModel.Target(pool: pool(for: name, backends), upstreamModel: chunk[0].upstreamModel))
        }
        model.maxOutputTokens = deployments.compactMap(\.maxOutputTokens).max()
        model.contextWindow = deployments.compactMap(\.contextWindow).max()
        model.accessGroups = Set(deployments.flatMap(\.accessGroups))
        var prices: LiteLLMPrices?
        for deployment in deployments where !deployment.prices.isEmpty {
            if prices?.merge(deployment.prices) == true {
                notes.lose(
                    "model \(name)", "its deployments have several prices; tenants pay one price a model, the dearest")
            }
            prices = prices ?? deployment.prices
        }
        model.prices = prices
        models.append(model)
    }

    /// Deployments that may share a pool: of one order and one name at the backend, in the order they are tried.
    private func chunks(
        _ deployments: [LiteLLMDeployment], of name: String, notes: inout ImportNotes
    ) -> [[LiteLLMDeployment]] {
        let orders = Set(deployments.map { $0.order ?? .max }).sorted()
        return orders.flatMap { order in
            let chunks = chunks(deployments.filter { ($0.order ?? .max) == order })
            if chunks.count > 1 {
                let upstream = chunks.map { $0[0].upstreamModel }.joined(separator: ", ")
                notes.lose(
                    "model \(name) (\(upstream))",
                    "LiteLLM shares the load between these names at its backends; here the first of them gets every "
                        + "call, and each of the others what those before it cannot take; weights between them are lost"
                )
            }
            return chunks
        }
    }

    /// By name at the backend, the largest share first: what follows is only for what it cannot take.
    private func chunks(_ deployments: [LiteLLMDeployment]) -> [[LiteLLMDeployment]] {
        var chunks: [(share: Decimal, deployments: [LiteLLMDeployment])] = []
        for (deployment, share) in zip(deployments, shares(deployments)) {
            let index = chunks.firstIndex { $0.deployments[0].upstreamModel == deployment.upstreamModel }
            if let index {
                chunks[index].share += share
                chunks[index].deployments.append(deployment)
            } else {
                chunks.append((share, [deployment]))
            }
        }
        let ranked = chunks.enumerated().sorted { left, right in
            (-left.element.share, left.offset) < (-right.element.share, right.offset)
        }
        return ranked.map(\.element.deployments)
    }

    /// The shares that LiteLLM would give them: by weight, else by requests, else by tokens a minute, else the same.
    private func shares(_ deployments: [LiteLLMDeployment]) -> [Decimal] {
        let choices: [(LiteLLMDeployment) -> Decimal?] = [
            \.weight, { $0.backend.rpm.map { Decimal($0) } }, { $0.tpm.map { Decimal($0) } },
        ]
        let shares = choices.map { deployments.map($0) }.first { $0.contains { $0 != nil } }
        guard router.policy == "weighted", let shares else { return deployments.map { _ in 1 } }
        return shares.map { $0 ?? 0 }
    }

    /// The backends with their shares as weights.
    private func weighted(_ deployments: [LiteLLMDeployment], notes: inout ImportNotes) -> [ImportedBackend] {
        guard router.policy == "weighted", deployments.count > 1 else { return deployments.map(\.backend) }
        return zip(deployments, ImportShares.whole(shares(deployments))).map { deployment, weight in
            var backend = deployment.backend
            backend.weight = max(1, weight)
            if weight < 1 {
                notes.lose("model \(deployment.group)", "a backend without a share got the smallest, 1")
            }
            return backend
        }
    }

    /// The pool of these backends, the one that is there if they have no limits of their own.
    private mutating func pool(for model: String, _ backends: [ImportedBackend]) -> String {
        let isShareable = backends.allSatisfy(\.isShareable)
        if isShareable, let name = shared[backends] { return name }
        let isOneEndpoint = backends.count == 1 && isShareable
        let name = ImportName.unique(isOneEndpoint ? backends[0].name : model, among: &poolNames)
        let named = backends.map { backend in
            var backend = backend
            backend.name = ImportName.unique(backend.name, among: &backendNames)
            return backend
        }
        pools.append(ImportedPool(name: name, policy: router.policy, backends: named))
        if isShareable { shared[backends] = name }
        return name
    }

    // MARK: Router settings

    /// A model's fallbacks become its last targets, at the model's own price.
    private mutating func addFallbacks(notes: inout ImportNotes) {
        let own = Dictionary(models.map { ($0.origin, $0) }) { first, _ in first }
        for index in models.indices {
            let name = models[index].origin
            let kind = kind(of: models[index])
            for fallback in router.fallbacks[name] ?? router.defaultFallbacks where fallback != name {
                guard let other = own[fallback] else {
                    notes.lose("fallback \(name) -> \(fallback)", "there is no such model")
                    continue
                }
                guard self.kind(of: other) == kind else {
                    notes.lose("fallback \(name) -> \(fallback)", "the two speak different APIs")
                    continue
                }
                for target in other.targets where !models[index].targets.contains(target) {
                    models[index].targets.append(target)
                }
                notes.lose(
                    "fallback \(name) -> \(fallback)",
                    "a call that falls back is billed at the price of the model that was asked for")
            }
        }
        for name in router.fallbacks.keys.sorted() where own[name] == nil {
            notes.lose("fallbacks of \(name)", "there is no such model")
        }
    }

    private func kind(of model: ImportedModel) -> String? {
        pools.first { $0.name == model.targets.first?.pool }?.backends.first?.kind.rawValue
    }

    /// An alias is a model of its own with the same targets and price.
    private mutating func addAliases(notes: inout ImportNotes) {
        for (alias, name) in router.aliases.sorted(by: { $0.key < $1.key }) {
            guard let model = models.first(where: { $0.origin == name }),
                !models.contains(where: { $0.origin == alias })
            else {
                notes.lose("alias \(alias)", "there is no model \(name), or one has the alias's name")
                continue
            }
            var copy = ImportedModel(name: self.name(of: alias, notes: &notes), origin: alias, targets: model.targets)
            copy.maxOutputTokens = model.maxOutputTokens
            copy.contextWindow = model.contextWindow
            copy.prices = model.prices
            copy.accessGroups = model.accessGroups
            models.append(copy)
        }
    }
}
