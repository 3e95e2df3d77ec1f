/// What ties calls to one backend of a pool, so that its prompt cache is warm.
public enum PoolAffinity: String, CaseIterable, Sendable {
    case none
    case key
    case promptCacheKey = "prompt_cache_key"
}
