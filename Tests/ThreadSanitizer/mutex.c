// Tells ThreadSanitizer of what it cannot see of Swift's Mutex: on Linux the slow ways into a taken lock and out of one
// that others wait for are in the runtime's own library, which is not instrumented, so that what the last holder wrote
// would look like a race. The fast ways are inlined, with atomics that it does see. scripts/tsan.sh loads this first.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context))

// Only processes under ThreadSanitizer have them.
__attribute__((weak)) void __tsan_acquire(void *address);
__attribute__((weak)) void __tsan_release(void *address);

static void *runtimes_own(void **slot, const char *name) {
    void *known = __atomic_load_n(slot, __ATOMIC_RELAXED);
    if (known) return known;
    known = dlsym(RTLD_NEXT, name);
    if (!known) abort();
    __atomic_store_n(slot, known, __ATOMIC_RELAXED);
    return known;
}

SWIFT void lock_slowly(uint32_t thread, SELF void *mutex) __asm__(LOCK);
SWIFT bool try_lock_slowly(SELF void *mutex) __asm__(TRY_LOCK);
SWIFT void unlock_slowly(SELF void *mutex) __asm__(UNLOCK);

SWIFT void lock_slowly(uint32_t thread, SELF void *mutex) {
    static void *original;
    ((SWIFT void (*)(uint32_t, SELF void *))runtimes_own(&original, LOCK))(thread, mutex);
    if (__tsan_acquire) __tsan_acquire(mutex);
}

SWIFT bool try_lock_slowly(SELF void *mutex) {
    static void *original;
    bool is_locked = ((SWIFT bool (*)(SELF void *))runtimes_own(&original, TRY_LOCK))(mutex);
    if (is_locked && __tsan_acquire) __tsan_acquire(mutex);
    return is_locked;
}

SWIFT void unlock_slowly(SELF void *mutex) {
    static void *original;
    if (__tsan_release) __tsan_release(mutex);
    ((SWIFT void (*)(SELF void *))runtimes_own(&original, UNLOCK))(mutex);
}
