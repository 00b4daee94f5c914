/* What a Python program says to callgrind, under which it runs; anywhere else it says nothing. For hot.py. */
#include <valgrind/callgrind.h>

void start(void) { CALLGRIND_START_INSTRUMENTATION; }
void from_zero(void) { CALLGRIND_ZERO_STATS; }
void write_down(const char *name) { CALLGRIND_DUMP_STATS_AT(name); }
