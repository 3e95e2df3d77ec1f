#include <malloc.h>

/// Bytes of the heap that are in use.
static inline size_t heap_bytes_in_use(void) { return mallinfo2().uordblks; }
