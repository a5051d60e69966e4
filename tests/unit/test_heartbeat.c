/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/heartbeat.h"

#include "test.h"

#define SECOND 1000

static const struct heartbeat watched = { .name = "w", .every_ms = 10 * SECOND };

TEST(it_is_missing_when_nothing_came_for_its_time)
{
	static const struct {
		struct heartbeat_facts facts;
		int64_t now;
		enum heartbeat_change change;
		int64_t due; /* 0: only a beat changes anything */
	} cases[] = {
		/* from when it began to be waited for */
		{ { .since = 5 * SECOND }, 5 * SECOND, HEARTBEAT_NOTHING, 15 * SECOND },
		{ { .since = 5 * SECOND }, 15 * SECOND - 1, HEARTBEAT_NOTHING, 15 * SECOND },
		{ { .since = 5 * SECOND }, 15 * SECOND, HEARTBEAT_MISSING, 0 },
		{ { .since = 5 * SECOND }, 99 * SECOND, HEARTBEAT_MISSING, 0 },
		/* from the last beat */
		{ { .since = 5 * SECOND, .beat_at = 9 * SECOND }, 18 * SECOND, HEARTBEAT_NOTHING,
				19 * SECOND },
		{ { .since = 5 * SECOND, .beat_at = 9 * SECOND }, 19 * SECOND, HEARTBEAT_MISSING,
				0 },
		/* a beat from before it began anew does not count against it */
		{ { .since = 50 * SECOND, .beat_at = 9 * SECOND }, 59 * SECOND, HEARTBEAT_NOTHING,
				60 * SECOND },
		/* it was just heard */
		{ { .since = 5 * SECOND, .beat_at = 18 * SECOND, .beaten = true }, 18 * SECOND,
				HEARTBEAT_NOTHING, 28 * SECOND },
		/* it is missing, and stays so, until it comes; a start alone is no beat */
		{ { .since = 5 * SECOND, .missing = true }, 6 * SECOND, HEARTBEAT_NOTHING, 0 },
		{ { .since = 5 * SECOND, .missing = true }, 99 * SECOND, HEARTBEAT_NOTHING, 0 },
		{ { .since = 5 * SECOND, .beat_at = 30 * SECOND, .missing = true, .beaten = true },
				30 * SECOND, HEARTBEAT_BACK, 40 * SECOND },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t due = -1;
		enum heartbeat_change change =
				heartbeat_next(&watched, &cases[i].facts, cases[i].now, &due);

		if (change != cases[i].change || due != (cases[i].due ? cases[i].due : INT64_MAX)) {
			test_fail(__FILE__, __LINE__, "case %zu: change %d, due %lld", i, change,
					(long long)due);
		}
	}
}

TEST(two_heartbeats_are_the_same_when_they_wait_for_the_same)
{
	struct matcher a[] = { { "alertname", "Watchdog", MATCHER_EQUAL, NULL } };
	struct matcher b[] = { { "alertname", "Watchdog", MATCHER_EQUAL, NULL } };
	struct matcher other_value[] = { { "alertname", "Other", MATCHER_EQUAL, NULL } };
	struct matcher other_name[] = { { "job", "Watchdog", MATCHER_EQUAL, NULL } };
	struct matcher other_op[] = { { "alertname", "Watchdog", MATCHER_NOT_EQUAL, NULL } };
	const struct heartbeat one = { "one", a, 1, SECOND, "L1" };

	ck(heartbeat_same(&one, &(struct heartbeat){ "two", b, 1, SECOND, NULL }));
	ck(!heartbeat_same(&one, &(struct heartbeat){ "one", b, 1, 2 * SECOND, "L1" }));
	ck(!heartbeat_same(&one, &(struct heartbeat){ "one", b, 0, SECOND, "L1" }));
	ck(!heartbeat_same(&one, &(struct heartbeat){ "one", other_value, 1, SECOND, "L1" }));
	ck(!heartbeat_same(&one, &(struct heartbeat){ "one", other_name, 1, SECOND, "L1" }));
	ck(!heartbeat_same(&one, &(struct heartbeat){ "one", other_op, 1, SECOND, "L1" }));
}
