/* SPDX-License-Identifier: Apache-2.0 */
#include "core/state/clocks.h"

#include "config_texts.h"
#include "test.h"

#define AT INT64_C(1763851200000) /* 2025-11-22T22:40:00Z, a Saturday */

static const char zones[] = "time_intervals:\n"
			    "  - name: night\n"
			    "    time_intervals:\n"
			    "      - { location: Europe/Berlin, weekdays: [saturday] }\n"
			    "      - { weekdays: [sunday] }\n"
			    "playbooks:\n"
			    "  - name: p\n"
			    "    matchers: [a=b]\n"
			    "    guards: { mute_time_intervals: [night] }\n"
			    "    steps: [{ name: s, wait: 1s }]\n";

TEST(there_is_a_clock_for_each_zone_of_the_configuration)
{
	struct config *config = must_parse(zones);
	struct clocks clocks = { 0 };
	const struct interval_clock *now = clocks_at(&clocks, config, AT);

	ck_int(config->zones_len, 2);
	for (size_t i = 0; i < config->zones_len; i++) {
		bool berlin = !strcmp(config->zones[i], "Europe/Berlin");

		ck(!now[i].broken);
		ck_int(now[i].now.tm_hour, berlin ? 23 : 22);
		ck_int(now[i].now.tm_min, 40);
	}
	now = clocks_at(&clocks, config, AT + 60 * 60 * 1000);
	for (size_t i = 0; i < config->zones_len; i++) {
		bool berlin = !strcmp(config->zones[i], "Europe/Berlin");

		ck_int(now[i].now.tm_hour, berlin ? 0 : 23);
	}
	clocks_clear(&clocks);
	config_free(config);
}

TEST(another_configuration_has_other_zones)
{
	struct config *one = must_parse(zones);
	struct config *other = must_parse(PLAYBOOK STEPS);
	struct clocks clocks = { 0 };

	ck(clocks_at(&clocks, one, AT) != NULL);
	ck(clocks_at(&clocks, other, AT) == NULL);
	ck(clocks_at(&clocks, one, AT) != NULL);
	clocks_clear(&clocks);
	config_free(one);
	config_free(other);
}

/* Intervals are made of minutes; the clock may be set meanwhile. */
TEST(intervals_are_looked_at_each_minute_and_every_30_s)
{
	ck_int(clocks_wait(AT), 30000);
	ck_int(clocks_wait(AT + 29999), 30000);
	ck_int(clocks_wait(AT + 30001), 29999);
	ck_int(clocks_wait(AT + 59999), 1);
}
