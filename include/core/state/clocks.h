/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clocks - the time now in each time zone that the configuration names, for the guards.
 */
#ifndef CORE_CLOCKS_H
#define CORE_CLOCKS_H

#include <stdint.h>

#include "config/config.h"
#include "domain/interval.h"
#include "sys/digest.h"

/* Zeroed is empty. */
struct clocks {
	struct interval_clock *items; /* one for each of the configuration's zones, in order */
	uint8_t config_hash[DIGEST_SIZE];
	int64_t second; /* which they show */
};

void clocks_clear(struct clocks *clocks);

/*
 * The clocks of config at now (wall), in the order of its zones; NULL when it has none. Valid until
 * the next call. A zone that cannot be read is logged, and broken.
 */
const struct interval_clock *clocks_at(
		struct clocks *clocks, const struct config *config, int64_t now);

/*
 * Milliseconds after now (wall) at which a time interval may begin or end: intervals are made of
 * minutes. Never more than 30 s, since the wall clock may be set meanwhile.
 */
int64_t clocks_wait(int64_t now);

#endif
