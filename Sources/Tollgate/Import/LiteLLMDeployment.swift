import Foundation
import Proxy
import Tenancy

/// One entry of LiteLLM's `model_list`: a model at one endpoint.
struct LiteLLMDeployment: Sendable {
    /// The name clients ask LiteLLM for.
    let group: String
    /// The model's name at the backend.
    let upstreamModel: String
    /// Lower ones are tried first; nil: after all others.
    let order: Int64?
    /// As written; nil: not said.
    let weight: Decimal?
    let tpm: Int64?
    var backend: ImportedBackend
    let maxOutputTokens: Int64?
    let contextWindow: Int64?
    let prices: LiteLLMPrices
    /// Groups of models that teams may name instead of the model.
    let accessGroups: [String]

    /// Reads an entry; nil if it cannot be carried over, with the reason in the notes.
    ///
    /// - Parameters:
    ///   - credentials: those of `credential_list`, by name.
    ///   - keys: gives the keys that stand in the configuration their variables.
    init?(
        _ entry: DocumentValue, credentials: [String: DocumentValue], keys: inout LiteLLMKeys,
        notes: inout ImportNotes
    ) {
        guard let group = entry["model_name"]?.text, let own = entry["litellm_params"],
            let model = own["model"]?.text
        else {
            notes.lose("\(entry.place)", "an entry of model_list without model_name or litellm_params.model")
            return nil
        }
        guard !group.contains("*"), !model.contains("*") else {
            notes.lose(
                "model \(group)", "names with * are not served: every model of Tollgate is listed, with its price")
            return nil
        }
        let params = Self.merged(own, credentials: credentials, group: group, notes: &notes)
        let base = params["api_base"]?.text ?? params["base_url"]?.text
        let explicit = params["custom_llm_provider"]?.text
        guard let (provider, upstream) = LiteLLMProvider.split(model, named: explicit, hasBase: base != nil) else {
            notes.lose(
                "model \(group) (\(model))",
                "its provider's API is neither OpenAI's nor Anthropic's, and Tollgate does not translate")
            return nil
        }
        if let fault = ResourceName.upstreamFault(upstream) {
            notes.lose("model \(group)", "its name at the backend \(fault)")
            return nil
        }
        guard let address = Self.address(base, provider, group: group, notes: &notes) else { return nil }
        let info = entry["model_info"] ?? .empty(at: entry.place)
        let places = LiteLLMFields(entry: entry, params: params, info: info, group: group)
        self.group = group
        upstreamModel = upstream
        order = places.whole("order", notes: &notes)
        weight = places.decimal("weight")
        tpm = places.whole("tpm", notes: &notes)
        maxOutputTokens =
            places.whole("max_output_tokens", notes: &notes) ?? places.infoWhole("max_tokens", notes: &notes)
        contextWindow = places.whole("max_input_tokens", notes: &notes)
        prices = LiteLLMPrices(places, notes: &notes)
        accessGroups = info["access_groups"]?.items.compactMap(\.text) ?? []
        backend = ImportedBackend(
            name: Self.label(info, provider, base: base), kind: provider.kind, baseURL: address,
            apiKey: Self.key(params, provider, hasBase: base != nil, group: group, keys: &keys, notes: &notes))
        backend.rpm = places.whole("rpm", atMost: Field.requestsPerMinute.upperBound, notes: &notes)
        backend.maxConcurrency = places.whole(
            "max_parallel_requests", atMost: Field.concurrency.upperBound, notes: &notes)
        backend.total = places.span("timeout", notes: &notes)
        backend.firstByte = places.span("stream_timeout", notes: &notes)
        places.noteTheRest(notes: &notes)
    }

    /// The parameters with those of the named credential behind them.
    private static func merged(
        _ params: DocumentValue, credentials: [String: DocumentValue], group: String, notes: inout ImportNotes
    ) -> DocumentValue {
        guard let name = params["litellm_credential_name"]?.text else { return params }
        guard let credential = credentials[name]?["credential_values"] else {
            notes.lose("model \(group)", "its credential \(name) is not in credential_list")
            return params
        }
        let added = credential.members.filter { params[$0.name] == nil }
        return DocumentValue(content: .mapping(params.members + added), place: params.place)
    }

    private static func address(
        _ base: String?, _ provider: LiteLLMProvider, group: String, notes: inout ImportNotes
    ) -> ImportedValue? {
        guard let base else {
            if let known = provider.baseURL { return .literal(known) }
            notes.lose("model \(group)", "\(provider.name) needs an api_base, and none is given")
            return nil
        }
        switch ImportedValue(liteLLM: base) {
        case .variable(let name):
            notes.need(variable: name, for: "the base URL of a backend of \(group), with its /v1")
            return .variable(name)
        case .literal(var url):
            while url.hasSuffix("/") { url.removeLast() }
            guard BackendAddress(url) != nil else {
                // It may hold a credential: it is not repeated.
                notes.lose("model \(group)", "its api_base is no http or https URL without user, query and fragment")
                return nil
            }
            return .literal(url.hasSuffix(provider.suffix) ? url : url + provider.suffix)
        }
    }

    /// The endpoint in one word: the deployment's own id, the provider, or the provider and the host.
    private static func label(_ info: DocumentValue, _ provider: LiteLLMProvider, base: String?) -> String {
        if let id = info["id"]?.text, id.utf8.count <= 40 { return ImportName.cleaned(id) }
        guard let base, base != provider.baseURL, let address = BackendAddress(base) else { return provider.name }
        let isStandard = address.port == (address.scheme == "https" ? 443 : 80)
        // A host may be longer than a name.
        return ImportName.cleaned(isStandard ? address.host : "\(address.host):\(address.port)")
    }

    /// Keys that stand for none.
    private static let placeholders: Set<String> = [
        "none", "null", "empty", "fake-key", "dummy", "not-needed", "no-key", "anything", "ollama",
        "sk-no-key-required",
    ]

    private static func key(
        _ params: DocumentValue, _ provider: LiteLLMProvider, hasBase: Bool, group: String,
        keys: inout LiteLLMKeys, notes: inout ImportNotes
    ) -> ImportedValue? {
        guard let text = params["api_key"]?.text else {
            guard let variable = provider.keyVariable, !hasBase else { return nil }
            notes.need(variable: variable, for: "the key for \(provider.name)")
            return .variable(variable)
        }
        switch ImportedValue(liteLLM: text) {
        case .variable(let name):
            notes.need(variable: name, for: "the key of a backend of \(group)")
            return .variable(name)
        case .literal(let key):
            if key.isEmpty || placeholders.contains(key.lowercased()) { return nil }
            let name = keys.variable(for: key, of: group)
            notes.need(variable: name, for: "the key that stands in the configuration for \(group); it is not copied")
            return .variable(name)
        }
    }
}
