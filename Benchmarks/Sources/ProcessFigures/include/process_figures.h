#pragma once

#include <stdint.h>

// Allocations of the whole process so far; -1 where they cannot be counted (no glibc).
int64_t counted_heap_allocations(void);

// Bytes that the heap has given out and not yet got back; -1 where they cannot be counted (no glibc).
int64_t heap_bytes_in_use(void);

// The processor time of the whole process so far.
double processor_seconds(void);
