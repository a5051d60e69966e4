/* SPDX-License-Identifier: Apache-2.0 */
/*
 * interval - named times of the week, month and year, as Alertmanager's `time_intervals` have them.
 *
 *	time_intervals:
 *	  - name: nights
 *	    time_intervals:
 *	      - times:
 *	          - { start_time: '00:00', end_time: '06:00' }
 *	          - { start_time: '22:00', end_time: '24:00' }
 *	        weekdays: ['monday:friday']
 *	        location: Europe/Berlin
 *
 * An interval is a list of periods and holds while any of them does. A period holds while each of
 * its fields does that is given; a field holds in any of its ranges. Pure: the local times come
 * from the caller, one for each time zone (struct interval_clock).
 */
#ifndef DOMAIN_INTERVAL_H
#define DOMAIN_INTERVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* Both ends count, but for the end of a time of the day. */
struct interval_range {
	int32_t begin;
	int32_t end;
};

/* len 0: not given, which is any. */
struct interval_ranges {
	const struct interval_range *items;
	size_t len;
};

struct interval_period {
	struct interval_ranges times;         /* minutes of the day, 0 to 1440; end is excluded */
	struct interval_ranges weekdays;      /* 0 is Sunday */
	struct interval_ranges days_of_month; /* from 1; from the month's end: -1 is its last day */
	struct interval_ranges months;        /* 1 to 12 */
	struct interval_ranges years;
	const char *location; /* the time zone: a name, "UTC" or "Local" */
	size_t clock;         /* which of the clocks shows its time */
};

struct interval {
	const char *name;
	const struct interval_period *periods;
	size_t periods_len;
};

/* The time now in one zone. */
struct interval_clock {
	struct tm now;
	bool broken; /* it cannot be known, and now means nothing */
};

/* The first period that holds, or NULL. One whose clock is broken does not. */
const struct interval_period *interval_holds(
		const struct interval *interval, const struct interval_clock *clocks);
/* The first period whose clock is broken, or NULL. */
const struct interval_period *interval_broken(
		const struct interval *interval, const struct interval_clock *clocks);

#endif
