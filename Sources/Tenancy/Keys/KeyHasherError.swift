/// Why a key was not hashed.
public enum KeyHasherError: Error, Sendable {
    /// Too many wait already.
    case full
    /// It waited too long for a worker.
    case late
    /// argon2 could not run: no memory, a damaged hash, or the hasher is shut down.
    case failed
}
