#ifndef TOLLGATE_CPROCESS_H
#define TOLLGATE_CPROCESS_H

#include <stdlib.h>

#ifdef __GLIBC__
#include <malloc.h>

// Left alone, glibc raises both thresholds as large blocks are freed, up to 32 and 64 MiB: each of its arenas then keeps
// that much for the next one.
static inline void cprocess_fix_malloc_thresholds(int bytes) {
    mallopt(M_MMAP_THRESHOLD, bytes);
    mallopt(M_TRIM_THRESHOLD, bytes);
}
#else
static inline void cprocess_fix_malloc_thresholds(int bytes) {
    (void)bytes;
}
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
