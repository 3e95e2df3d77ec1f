#ifndef TOLLGATE_CSQLITE_H
#define TOLLGATE_CSQLITE_H

#include <sqlite3.h>

// A variadic function, which Swift does not import. Has no effect once SQLite was used.
static inline int csqlite_forgo_memory_statistics(void) {
    return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

#endif
