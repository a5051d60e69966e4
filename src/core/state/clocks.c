/* SPDX-License-Identifier: Apache-2.0 */
#include "core/state/clocks.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "sys/zone.h"

#define MINUTE_MS   60000
#define LOOK_MAX_MS 30000

void clocks_clear(struct clocks *clocks)
{
	free(clocks->items);
	*clocks = (struct clocks){ 0 };
}

static void set_clock(struct interval_clock *clock, const char *zone, int64_t now)
{
	bool was_broken = clock->broken;
	struct err err;

	clock->broken = zone_local(zone, now, &clock->now, &err) < 0;
	if (clock->broken && !was_broken) {
		log_error("time zone cannot be read: its playbooks do not start",
				LOG_STR("error", err.msg));
	}
}

const struct interval_clock *clocks_at(
		struct clocks *clocks, const struct config *config, int64_t now)
{
	bool same = clocks->items && !memcmp(clocks->config_hash, config->hash, DIGEST_SIZE);

	if (!config->zones_len) {
		return NULL;
	}
	if (!same) {
		clocks_clear(clocks);
		clocks->items = xcalloc(config->zones_len, sizeof(*clocks->items));
		memcpy(clocks->config_hash, config->hash, DIGEST_SIZE);
	}
	if (!same || clocks->second != now / 1000) {
		for (size_t i = 0; i < config->zones_len; i++) {
			set_clock(&clocks->items[i], config->zones[i], now);
		}
		clocks->second = now / 1000;
	}
	return clocks->items;
}

int64_t clocks_wait(int64_t now)
{
	int64_t left = MINUTE_MS - now % MINUTE_MS;

	return left < LOOK_MAX_MS ? left : LOOK_MAX_MS;
}
