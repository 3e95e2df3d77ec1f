import Proxy

/// What LiteLLM's `provider/model` names stand for: which API is spoken, where, and with which variable's key.
struct LiteLLMProvider: Sendable, Equatable {
    let name: String
    let kind: BackendKind
    /// Where its API lives, `/v1` included; nil: only where `api_base` says.
    let baseURL: String?
    /// Where LiteLLM takes the key from when the configuration gives none; nil: no key.
    var keyVariable: String?
    /// What must be put behind an `api_base` for the API that Tollgate speaks.
    var suffix = ""

    /// Those whose API is OpenAI's or Anthropic's; others need a translation that Tollgate does not do.
    static let known: [LiteLLMProvider] = [
        openAI,
        LiteLLMProvider(
            name: "anthropic", kind: .anthropic, baseURL: "https://api.anthropic.com/v1",
            keyVariable: "ANTHROPIC_API_KEY", suffix: "/v1"),
        openAI("text-completion-openai", "https://api.openai.com/v1", "OPENAI_API_KEY"),
        openAI("hosted_vllm", nil, nil), openAI("openai_like", nil, nil), openAI("custom_openai", nil, nil),
        openAI("litellm_proxy", nil, nil), openAI("lm_studio", nil, nil), openAI("llamafile", nil, nil),
        LiteLLMProvider(name: "ollama", kind: .openai, baseURL: "http://localhost:11434/v1", suffix: "/v1"),
        LiteLLMProvider(name: "ollama_chat", kind: .openai, baseURL: "http://localhost:11434/v1", suffix: "/v1"),
        openAI("groq", "https://api.groq.com/openai/v1", "GROQ_API_KEY"),
        openAI("mistral", "https://api.mistral.ai/v1", "MISTRAL_API_KEY"),
        openAI("deepseek", "https://api.deepseek.com/v1", "DEEPSEEK_API_KEY"),
        openAI("together_ai", "https://api.together.xyz/v1", "TOGETHERAI_API_KEY"),
        openAI("fireworks_ai", "https://api.fireworks.ai/inference/v1", "FIREWORKS_AI_API_KEY"),
        openAI("openrouter", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
        openAI("nvidia_nim", "https://integrate.api.nvidia.com/v1", "NVIDIA_NIM_API_KEY"),
        openAI("xai", "https://api.x.ai/v1", "XAI_API_KEY"),
        openAI("perplexity", "https://api.perplexity.ai", "PERPLEXITYAI_API_KEY"),
        openAI("cerebras", "https://api.cerebras.ai/v1", "CEREBRAS_API_KEY"),
        openAI("deepinfra", "https://api.deepinfra.com/v1/openai", "DEEPINFRA_API_KEY"),
        openAI("sambanova", "https://api.sambanova.ai/v1", "SAMBANOVA_API_KEY"),
        openAI("gemini", "https://generativelanguage.googleapis.com/v1beta/openai", "GEMINI_API_KEY"),
    ]

    /// What a name without a provider means.
    static let openAI = openAI("openai", "https://api.openai.com/v1", "OPENAI_API_KEY")

    /// The provider of a model as LiteLLM names it, and the model's name there; nil where Tollgate would have to
    /// translate, or nobody knows.
    ///
    /// - Parameters:
    ///   - explicit: `custom_llm_provider`.
    ///   - hasBase: whether `api_base` is given: an unknown provider's API there is taken for OpenAI's.
    static func split(
        _ model: String, named explicit: String?, hasBase: Bool
    ) -> (provider: LiteLLMProvider, model: String)? {
        let parts = model.split(separator: "/", maxSplits: 1).map(String.init)
        let first = parts.count == 2 ? parts[0] : nil
        guard let wanted = explicit ?? first else {
            let inferred = model.hasPrefix("claude") ? known.first { $0.name == "anthropic" } : nil
            return (inferred ?? openAI, model)
        }
        let rest = first == wanted ? parts[1] : model
        if let provider = known.first(where: { $0.name == wanted }) { return (provider, rest) }
        return hasBase && explicit == nil && !translated.contains(wanted) ? (openAI, model) : nil
    }

    /// Providers with an API of their own even where `api_base` is given.
    private static let translated: Set<String> = [
        "azure", "azure_ai", "azure_text", "bedrock", "bedrock_converse", "vertex_ai", "vertex_ai_beta", "sagemaker",
        "sagemaker_chat", "cohere", "cohere_chat", "huggingface", "replicate", "watsonx", "databricks", "snowflake",
        "jina_ai", "voyage", "triton", "predibase", "cloudflare", "clarifai", "oci", "deepgram", "elevenlabs",
    ]

    private static func openAI(_ name: String, _ baseURL: String?, _ keyVariable: String?) -> LiteLLMProvider {
        LiteLLMProvider(name: name, kind: .openai, baseURL: baseURL, keyVariable: keyVariable)
    }
}
