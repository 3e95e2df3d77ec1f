#ifndef TOLLGATE_CPROCESS_H
#define TOLLGATE_CPROCESS_H

#include <stdlib.h>

#ifdef __GLIBC__
#include <malloc.h>

// Left alone, glibc raises both thresholds as large blocks are freed, up to 32 and 64 MiB: each of its arenas then keeps
// that much for the next one; and there are eight arenas for each core, each with holes of its own.
static inline void cprocess_fix_malloc(int large_bytes, int arenas) {
    mallopt(M_MMAP_THRESHOLD, large_bytes);
    mallopt(M_TRIM_THRESHOLD, large_bytes);
    mallopt(M_ARENA_MAX, arenas);
}

// Bytes of all blocks that are not free.
static inline long long cprocess_heap_used(void) {
    struct mallinfo2 info = mallinfo2();
    return (long long)(info.uordblks + info.hblkhd);
}

// Gives whole pages of free blocks back, between others too.
static inline void cprocess_trim_heap(void) {
    malloc_trim(0);
}
#else
static inline void cprocess_fix_malloc(int large_bytes, int arenas) {
    (void)large_bytes;
    (void)arenas;
}

static inline long long cprocess_heap_used(void) {
    return -1;
}

static inline void cprocess_trim_heap(void) {}
#endif

#ifdef __linux__
#include <sys/prctl.h>

// Variadic, so Swift does not import it. 0 on success.
static inline int cprocess_refuse_dumps(void) {
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
#else
static inline int cprocess_refuse_dumps(void) {
    return 0;
}
#endif

#endif
