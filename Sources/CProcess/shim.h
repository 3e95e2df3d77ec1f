#ifndef TOLLGATE_CPROCESS_H
#define TOLLGATE_CPROCESS_H

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
