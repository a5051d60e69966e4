#include "domain/guards.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"

/* "02:14:05" of a time; text has CLOCK_TEXT_MAX. */
static const char *time_of_day(int64_t ms, char *text)
{
	char whole[CLOCK_TEXT_MAX];

	clock_format(ms, whole);
	snprintf(text, CLOCK_TEXT_MAX, "%.8s UTC", whole + 11);
	return text;
}

bool guard_cooldown(int64_t cooldown_ms, int64_t last_run, int64_t ended_at, int64_t now,
		char *reason, size_t reason_max)
{
	char ago[CLOCK_TEXT_MAX];
	char next[CLOCK_TEXT_MAX];

	if (!cooldown_ms || !last_run) {
		return true;
	}
	if (!ended_at) {
		snprintf(reason, reason_max, "cooldown: run %" PRId64 " is not over yet", last_run);
		return false;
	}
	if (ended_at > now) {
		ended_at = now;
	}
	if (now - ended_at >= cooldown_ms) {
		return true;
	}
	snprintf(reason, reason_max, "cooldown: last run %" PRId64 " ended %s ago, next at %s",
			last_run, duration_format(now - ended_at, ago),
			time_of_day(ended_at + cooldown_ms, next));
	return false;
}

bool guard_age(int64_t max_age_ms, int64_t starts_at, int64_t now, char *reason, size_t reason_max)
{
	char age[CLOCK_TEXT_MAX];
	char max[CLOCK_TEXT_MAX];

	if (!max_age_ms || !starts_at || now - starts_at <= max_age_ms) {
		return true;
	}
	snprintf(reason, reason_max, "the alert began %s ago, max_alert_age is %s",
			duration_format(now - starts_at, age), duration_format(max_age_ms, max));
	return false;
}
