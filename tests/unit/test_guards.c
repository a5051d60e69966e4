#include "domain/guards.h"

#include "test.h"

#define MINUTE 60000
#define NOW    1763851200000 /* 2025-11-22T22:40:00Z */

TEST(cooldown_holds_until_its_last_millisecond)
{
	static const struct {
		int64_t cooldown;
		int64_t last_run;
		int64_t ended_at;
		bool passes;
		const char *reason;
	} rows[] = {
		{ 0, 7, NOW, true, "" },
		{ 10 * MINUTE, 0, 0, true, "" },
		{ 10 * MINUTE, 7, NOW - 10 * MINUTE, true, "" },
		{ 10 * MINUTE, 7, NOW - 10 * MINUTE - 1, true, "" },
		{ 10 * MINUTE, 7, NOW - 10 * MINUTE + 1, false, "next at 22:40:00 UTC" },
		{ 10 * MINUTE, 7, NOW - 192000, false,
				"cooldown: last run 7 ended 3m12s ago, next at 22:46:48 UTC" },
		{ 10 * MINUTE, 7, NOW, false, "next at 22:50:00 UTC" },
		{ 10 * MINUTE, 7, 0, false, "cooldown: run 7 is not over yet" },
		/* The clock was set back an hour: ten minutes from now, not seventy. */
		{ 10 * MINUTE, 7, NOW + 60 * MINUTE, false, "next at 22:50:00 UTC" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char reason[GUARD_REASON_MAX] = "";

		ck_int(guard_cooldown(&(struct guard_rules){ .cooldown_ms = rows[i].cooldown },
				       (struct guard_run){ rows[i].last_run, rows[i].ended_at },
				       NOW, reason),
				rows[i].passes);
		ck_has(reason, rows[i].reason);
	}
}

TEST(an_alert_older_than_max_alert_age_is_not_acted_on)
{
	char reason[GUARD_REASON_MAX] = "";

	ck(guard_age(0, 1, NOW, reason));
	ck(guard_age(60 * MINUTE, 0, NOW, reason));
	ck(guard_age(60 * MINUTE, NOW - 60 * MINUTE, NOW, reason));
	ck(guard_age(60 * MINUTE, NOW + 60 * MINUTE, NOW, reason));
	ck(!guard_age(60 * MINUTE, NOW - 60 * MINUTE - 1000, NOW, reason));
	ck_str(reason, "the alert began 1h1s ago, max_alert_age is 1h");
}
