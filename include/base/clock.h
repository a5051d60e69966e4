/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock - the two clocks, and times as text. Never mix them: deadlines are mono, records are wall.
 *
 * All times are int64_t milliseconds. Zero means "not set" wherever a time is stored.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define CLOCK_TEXT_MAX 32

/* Milliseconds of CLOCK_BOOTTIME: never set back, goes on during suspend. */
int64_t clock_mono_ms(void);
/* Milliseconds since 1970-01-01T00:00:00Z. */
int64_t clock_wall_ms(void);

/* ms as RFC 3339 in UTC with milliseconds, "2026-11-22T22:40:42.158Z"; text has CLOCK_TEXT_MAX. */
const char *clock_format(int64_t ms, char *text);

/*
 * Read an RFC 3339 date-time (section 5.6): 'T' and 'Z' or an offset, 0 to 9 fraction digits, a
 * leap second 60. Digits below a millisecond are dropped. Go's zero time 0001-01-01T00:00:00Z, and
 * anything else before 1970, gives 0. Returns 0, or -1 with ERR_INPUT.
 */
int clock_parse(const char *text, int64_t *ret_ms, struct err *err);

/*
 * Read a Prometheus duration: "30s", "1h30m", "100ms", "0"; units y w d h m s ms, in that order,
 * each at most once (model/time.go, ParseDuration). Returns 0, or -1 with ERR_INPUT.
 */
int duration_parse(const char *text, int64_t *ret_ms, struct err *err);

/* ms as a duration: "3m12s", "250ms", "2h"; text has CLOCK_TEXT_MAX. Negative counts as 0. */
const char *duration_format(int64_t ms, char *text);

/* For sentences: "2026-11-25 02:14 UTC", and "45 seconds", "12 minutes", "3 hours 5 minutes", "2
 * days 4 hours", what is less left out. text has CLOCK_TEXT_MAX. */
const char *clock_say(int64_t ms, char *text);
const char *duration_say(int64_t ms, char *text);

#endif
