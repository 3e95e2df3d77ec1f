#include <malloc.h>
#include <stddef.h>

/// AddressSanitizer's own count, where it is built in: its heap is not the one that mallinfo2 counts.
size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

/// Bytes of the heap that are in use.
static inline size_t heap_bytes_in_use(void) {
    return __sanitizer_get_current_allocated_bytes ? __sanitizer_get_current_allocated_bytes() : mallinfo2().uordblks;
}
