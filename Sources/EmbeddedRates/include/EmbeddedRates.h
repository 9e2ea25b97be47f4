#ifndef TOKENMETER_EMBEDDED_RATES_H
#define TOKENMETER_EMBEDDED_RATES_H

#include <stddef.h>

/// One file of pricing-data as it was when this program was built.
typedef struct {
    const char *_Nonnull name;
    const unsigned char *_Nonnull bytes;
    ptrdiff_t count;
} embedded_rate_file_t;

ptrdiff_t embedded_rate_file_count(void);

/// `index` is from 0 to the count, exclusive.
embedded_rate_file_t embedded_rate_file(ptrdiff_t index);

#endif
