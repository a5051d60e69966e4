/*
 * clocks - the time now in each time zone that the configuration names, for the guards.
 */
#ifndef CORE_CLOCKS_H
#define CORE_CLOCKS_H

#include <stdint.h>

#include "domain/interval.h"
#include "sys/digest.h"

struct core;

/* Zeroed is empty. */
struct clocks {
	struct interval_clock *items; /* one for each of the configuration's zones, in order */
	uint8_t config_hash[DIGEST_SIZE];
	int64_t second; /* which they show */
};

void clocks_clear(struct clocks *clocks);

/*
 * The clocks of the configuration in force at now (wall), in the order of its zones; NULL when it
 * has none. Valid until the next call on core. A zone that cannot be read is logged, and broken.
 */
const struct interval_clock *clocks_at(struct core *core, int64_t now);

/*
 * Milliseconds after now (wall) at which a time interval may begin or end: intervals are made of
 * minutes. Never more than 30 s, since the wall clock may be set meanwhile.
 */
int64_t clocks_wait(int64_t now);

#endif
