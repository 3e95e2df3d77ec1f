#ifndef TOLLGATE_CZLIB_H
#define TOLLGATE_CZLIB_H

#include <zlib.h>

// A macro that Swift does not import. 31: the largest window, with a gzip header that has no time and no name.
static inline int czlib_gzip_init(z_stream *stream, int level) {
    return deflateInit2(stream, level, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
}

#endif
