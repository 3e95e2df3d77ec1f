import Tenancy

/// Turns a LiteLLM configuration, and what its API tells of teams and keys, into a state file.
enum LiteLLMImport {
    /// What came of it.
    struct Result: Sendable {
        /// The state file's text.
        let state: String
        let notes: ImportNotes
    }

    /// Converts; throws `CommandFailure` if the configuration is none of LiteLLM's.
    ///
    /// - Parameters:
    ///   - lists: what `/key/list` and `/team/list` answer.
    ///   - now: the prices begin with its day, and keys expired by then are left out.
    static func run(
        _ document: DocumentValue, lists: [DocumentValue], now: Timestamp
    ) throws(CommandFailure) -> Result {
        guard let entries = document["model_list"]?.items else {
            throw CommandFailure(.failed, "there is no model_list; is this the config.yaml of LiteLLM's proxy?")
        }
        var notes = ImportNotes()
        let credentials = Dictionary(
            (document["credential_list"]?.items ?? []).map { ($0["credential_name"]?.text ?? "", $0) }
        ) { first, _ in first }
        let router = LiteLLMRouter(document, notes: &notes)
        var keys = LiteLLMKeys(document)
        var deployments = entries.compactMap {
            LiteLLMDeployment($0, credentials: credentials, keys: &keys, notes: &notes)
        }
        for index in deployments.indices where deployments[index].backend.total == nil {
            deployments[index].backend.total = router.timeout
        }
        let routing = LiteLLMModels(deployments, router: router, notes: &notes)
        let teams = LiteLLMTeams(lists, models: routing.models, now: now, notes: &notes)
        noteSections(document, notes: &notes)
        let day = now.seconds - now.seconds % 86_400
        let state = ImportedState(
            pools: routing.pools, models: routing.models, tenants: teams.tenants,
            effectiveFrom: Timestamp(microseconds: day * 1_000_000).rfc3339)
        return Result(state: state.text(notes: &notes), notes: notes)
    }

    private static func noteSections(_ document: DocumentValue, notes: inout ImportNotes) {
        let read = ["model_list", "router_settings", "litellm_settings", "credential_list"]
        for member in document.members where member.value.saysSomething && !read.contains(member.name) {
            switch member.name {
            case "general_settings":
                notes.lose("general_settings", "settings of the process are in tollgate.yaml: see `tollgate init`")
            case "environment_variables":
                notes.lose("environment_variables", "set them in the environment that `tollgate apply` runs in")
            default:
                notes.lose(member.name, "has no counterpart")
            }
        }
    }
}
