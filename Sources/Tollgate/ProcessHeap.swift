import AdminAPI
import CProcess

/// What the allocator is told and asked.
enum ProcessHeap {
    /// Gives large blocks (bodies, the memory of a key's check) back to the system as soon as they are freed, and lets
    /// the heap have an arena for each processor, two at least: what all threads free fills the same few holes.
    static func bound(arenas: Int) {
        cprocess_fix_malloc(1 << 20, Int32(clamping: max(2, arenas)))
    }

    /// Bytes that are resident without being a block of anybody or a file's: stacks, and what was freed; nil where the
    /// system or the allocator does not say.
    static func slack() -> Int64? {
        let (used, memory) = (cprocess_heap_used(), ProcessUsage.memory())
        return used < 0 || memory.resident == 0 ? nil : memory.resident - memory.shared - used
    }

    /// Gives what is free back to the system. Blocks that live on lie between, so that by itself it stays.
    static func trim() {
        cprocess_trim_heap()
    }
}
