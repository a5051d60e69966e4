/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/interval.h"

static bool in_ranges(const struct interval_ranges *ranges, int value)
{
	for (size_t i = 0; i < ranges->len; i++) {
		if (value >= ranges->items[i].begin && value <= ranges->items[i].end) {
			return true;
		}
	}
	return ranges->len == 0;
}

static bool in_times(const struct interval_ranges *times, const struct tm *now)
{
	int minute = now->tm_hour * 60 + now->tm_min;

	for (size_t i = 0; i < times->len; i++) {
		if (minute >= times->items[i].begin && minute < times->items[i].end) {
			return true;
		}
	}
	return times->len == 0;
}

static int days_of(const struct tm *now)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int year = now->tm_year + 1900;
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[now->tm_mon] + (now->tm_mon == 1 && leap);
}

/* A negative day counts from the end of this month; what is before its first is left out. */
static bool in_days(const struct interval_ranges *ranges, const struct tm *now)
{
	int days = days_of(now);

	for (size_t i = 0; i < ranges->len; i++) {
		int begin = ranges->items[i].begin;
		int end = ranges->items[i].end;

		begin = begin < 0 ? days + begin + 1 : begin;
		end = end < 0 ? days + end + 1 : end;
		if (now->tm_mday >= begin && now->tm_mday <= end) {
			return true;
		}
	}
	return ranges->len == 0;
}

static bool period_holds(const struct interval_period *period, const struct tm *now)
{
	return in_times(&period->times, now) && in_days(&period->days_of_month, now) &&
	       in_ranges(&period->months, now->tm_mon + 1) &&
	       in_ranges(&period->weekdays, now->tm_wday) &&
	       in_ranges(&period->years, now->tm_year + 1900);
}

const struct interval_period *interval_holds(
		const struct interval *interval, const struct interval_clock *clocks)
{
	for (size_t i = 0; i < interval->periods_len; i++) {
		const struct interval_period *period = &interval->periods[i];
		const struct interval_clock *clock = &clocks[period->clock];

		if (!clock->broken && period_holds(period, &clock->now)) {
			return period;
		}
	}
	return NULL;
}

const struct interval_period *interval_broken(
		const struct interval *interval, const struct interval_clock *clocks)
{
	for (size_t i = 0; i < interval->periods_len; i++) {
		if (clocks[interval->periods[i].clock].broken) {
			return &interval->periods[i];
		}
	}
	return NULL;
}
