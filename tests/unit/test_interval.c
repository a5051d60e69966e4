/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/interval.h"

#include <stdio.h>

#include "base/clock.h"
#include "sys/zone.h"
#include "test.h"

#define LEN(a) (sizeof(a) / sizeof(*(a)))

/* Up to two ranges; a begin and end of 0 is none. */
struct row {
	struct interval_range times[2];
	struct interval_range weekdays[2];
	struct interval_range days[2];
	struct interval_range months[2];
	struct interval_range years[2];
	const char *zone; /* NULL: UTC */
	const char *utc;
	bool holds;
};

static struct interval_ranges ranges(const struct interval_range *items)
{
	size_t len = 0;

	while (len < 2 && (items[len].begin || items[len].end)) {
		len++;
	}
	return (struct interval_ranges){ items, len };
}

static struct interval_clock clock_of(const char *zone, const char *utc)
{
	struct interval_clock clock = { .broken = false };
	struct err err;
	int64_t ms = 0;

	must_ok(clock_parse(utc, &ms, &err), err);
	must_ok(zone_local(zone, ms, &clock.now, &err), err);
	return clock;
}

static void ck_rows(const struct row *rows, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		const struct row *row = &rows[i];
		const struct interval_period period = {
			.times = ranges(row->times),
			.weekdays = ranges(row->weekdays),
			.days_of_month = ranges(row->days),
			.months = ranges(row->months),
			.years = ranges(row->years),
		};
		const struct interval interval = { "row", &period, 1 };
		const struct interval_clock clock =
				clock_of(row->zone ? row->zone : "UTC", row->utc);
		bool holds = interval_holds(&interval, &clock) != NULL;

		if (holds != row->holds) {
			printf("row %zu, %s\n", i, row->utc);
		}
		ck_int(holds, row->holds);
	}
}

TEST(times_end_with_the_minute_before_their_end_and_the_day_ends_at_24)
{
	static const struct row rows[] = {
		{ .utc = "2026-11-23T09:26:00Z", .holds = true }, /* nothing given is any time */
		{ .times = { { 540, 1020 } }, .utc = "2026-11-23T08:59:59Z" },
		{ .times = { { 540, 1020 } }, .utc = "2026-11-23T09:00:00Z", .holds = true },
		{ .times = { { 540, 1020 } }, .utc = "2026-11-23T16:59:59.999Z", .holds = true },
		{ .times = { { 540, 1020 } }, .utc = "2026-11-23T17:00:00Z" },
		{ .times = { { 0, 360 }, { 1320, 1440 } },
				.utc = "2026-11-23T00:00:00Z",
				.holds = true },
		{ .times = { { 0, 360 }, { 1320, 1440 } }, .utc = "2026-11-23T06:00:00Z" },
		{ .times = { { 0, 360 }, { 1320, 1440 } }, .utc = "2026-11-23T21:59:59Z" },
		{ .times = { { 0, 360 }, { 1320, 1440 } },
				.utc = "2026-11-23T23:59:59Z",
				.holds = true },
		{ .times = { { 0, 1439 } }, .utc = "2026-11-23T23:59:00Z" },
	};

	ck_rows(rows, LEN(rows));
}

TEST(days_count_from_the_end_of_their_month_when_negative)
{
	static const struct row rows[] = {
		{ .days = { { 1, 5 } }, .utc = "2026-11-01T00:00:00Z", .holds = true },
		{ .days = { { 1, 5 } }, .utc = "2026-11-05T23:59:59Z", .holds = true },
		{ .days = { { 1, 5 } }, .utc = "2026-11-06T00:00:00Z" },
		{ .days = { { 31, 31 } }, .utc = "2026-11-30T12:00:00Z" },
		{ .days = { { 29, 31 } }, .utc = "2026-11-30T12:00:00Z", .holds = true },
		{ .days = { { -3, -1 } }, .utc = "2026-11-27T23:59:59Z" },
		{ .days = { { -3, -1 } }, .utc = "2026-11-28T00:00:00Z", .holds = true },
		{ .days = { { -3, -1 } }, .utc = "2026-11-30T23:59:59Z", .holds = true },
		{ .days = { { -3, -1 } }, .utc = "2026-12-01T00:00:00Z" },
		{ .days = { { -1, -1 } }, .utc = "2026-02-28T12:00:00Z", .holds = true },
		{ .days = { { -1, -1 } }, .utc = "2028-02-28T12:00:00Z" },
		{ .days = { { -1, -1 } }, .utc = "2028-02-29T12:00:00Z", .holds = true },
		{ .days = { { -1, -1 } }, .utc = "2100-02-28T12:00:00Z", .holds = true },
		{ .days = { { -1, -1 } }, .utc = "2000-02-28T12:00:00Z" },
		/* From the first to two days before the end, and from before the first. */
		{ .days = { { 1, -3 } }, .utc = "2026-02-26T12:00:00Z", .holds = true },
		{ .days = { { 1, -3 } }, .utc = "2026-02-27T12:00:00Z" },
		{ .days = { { -31, -30 } }, .utc = "2026-02-01T12:00:00Z" },
		{ .days = { { -31, -30 } }, .utc = "2026-03-02T12:00:00Z", .holds = true },
		{ .days = { { -31, -28 } }, .utc = "2026-02-01T12:00:00Z", .holds = true },
		/* A month in which an hour is missing has its last day nevertheless. */
		{ .days = { { -1, -1 } },
				.zone = "Europe/Berlin",
				.utc = "2026-03-31T12:00:00Z",
				.holds = true },
		{ .days = { { -1, -1 } }, .zone = "Europe/Berlin", .utc = "2026-03-30T12:00:00Z" },
		{ .days = { { 1, 1 }, { 15, 15 } }, .utc = "2026-11-15T12:00:00Z", .holds = true },
		{ .days = { { 1, 1 }, { 15, 15 } }, .utc = "2026-11-14T12:00:00Z" },
	};

	ck_rows(rows, LEN(rows));
}

TEST(weekdays_months_and_years_have_both_ends)
{
	static const struct row rows[] = {
		{ .weekdays = { { 1, 5 } }, .utc = "2026-11-22T23:59:59Z" },
		{ .weekdays = { { 1, 5 } }, .utc = "2026-11-23T00:00:00Z", .holds = true },
		{ .weekdays = { { 1, 5 } }, .utc = "2026-11-27T23:59:59Z", .holds = true },
		{ .weekdays = { { 1, 5 } }, .utc = "2026-11-28T00:00:00Z" },
		{ .weekdays = { { 0, 6 } }, .utc = "2026-11-28T00:00:00Z", .holds = true },
		{ .months = { { 1, 3 }, { 12, 12 } },
				.utc = "2026-12-31T23:59:59Z",
				.holds = true },
		{ .months = { { 1, 3 }, { 12, 12 } }, .utc = "2026-11-30T23:59:59Z" },
		{ .months = { { 1, 3 }, { 12, 12 } },
				.utc = "2026-01-01T00:00:00Z",
				.holds = true },
		{ .months = { { 1, 3 }, { 12, 12 } }, .utc = "2026-04-01T00:00:00Z" },
		{ .years = { { 2020, 2022 } }, .utc = "2022-12-31T23:59:59Z", .holds = true },
		{ .years = { { 2020, 2022 } }, .utc = "2023-01-01T00:00:00Z" },
		{ .years = { { 2020, 2022 } }, .utc = "2019-12-31T23:59:59Z" },
		{ .years = { { 2026, 2026 } }, .utc = "2026-06-01T00:00:00Z", .holds = true },
	};

	ck_rows(rows, LEN(rows));
}

TEST(each_field_that_is_given_must_hold)
{
	/* Office hours of a working day at the end of a month of 2026. */
#define ALL                                                                           \
	.times = { { 540, 1020 } }, .weekdays = { { 1, 5 } }, .days = { { -3, -1 } }, \
	.months = { { 11, 12 } }, .years = {                                          \
		{ 2026, 2026 }                                                        \
	}
	static const struct row rows[] = {
		{ ALL, .utc = "2026-11-30T09:00:00Z", .holds = true },
		{ ALL, .utc = "2026-11-30T08:59:00Z" },
		{ ALL, .utc = "2026-11-28T09:00:00Z" },
		{ ALL, .utc = "2026-11-27T09:00:00Z" },
		{ ALL, .utc = "2026-10-30T09:00:00Z" },
		{ ALL, .utc = "2027-11-30T09:00:00Z" },
	};
#undef ALL

	ck_rows(rows, LEN(rows));
}

/* What the clock on the wall shows counts: an hour that is skipped is not within, one that comes
 * twice is within twice. */
TEST(switches_of_the_clock_change_what_holds)
{
#define BERLIN   .zone = "Europe/Berlin"
#define NEW_YORK .zone = "America/New_York"
	static const struct row rows[] = {
		/* 02:00 to 03:00, which the 29th of March 2026 does not have. */
		{ .times = { { 120, 180 } }, BERLIN, .utc = "2026-03-29T00:59:59Z" },
		{ .times = { { 120, 180 } }, BERLIN, .utc = "2026-03-29T01:00:00Z" },
		{ .times = { { 120, 180 } }, BERLIN, .utc = "2026-03-28T01:00:00Z", .holds = true },
		/* … and the 25th of October twice. */
		{ .times = { { 120, 180 } }, BERLIN, .utc = "2026-10-24T23:59:59Z" },
		{ .times = { { 120, 180 } }, BERLIN, .utc = "2026-10-25T00:00:00Z", .holds = true },
		{ .times = { { 120, 180 } }, BERLIN, .utc = "2026-10-25T00:59:59Z", .holds = true },
		{ .times = { { 120, 180 } }, BERLIN, .utc = "2026-10-25T01:59:59Z", .holds = true },
		{ .times = { { 120, 180 } }, BERLIN, .utc = "2026-10-25T02:00:00Z" },
		/* Office hours begin an hour earlier by UTC in summer. */
		{ .times = { { 540, 1020 } }, BERLIN, .utc = "2026-03-27T07:30:00Z" },
		{ .times = { { 540, 1020 } },
				BERLIN,
				.utc = "2026-03-30T07:30:00Z",
				.holds = true },
		{ .times = { { 540, 1020 } }, BERLIN, .utc = "2026-10-23T15:30:00Z" },
		{ .times = { { 540, 1020 } },
				BERLIN,
				.utc = "2026-10-26T15:30:00Z",
				.holds = true },
		{ .times = { { 540, 1020 } }, NEW_YORK, .utc = "2026-03-06T13:30:00Z" },
		{ .times = { { 540, 1020 } },
				NEW_YORK,
				.utc = "2026-03-09T13:30:00Z",
				.holds = true },
		{ .times = { { 60, 120 } }, NEW_YORK, .utc = "2026-11-01T04:59:59Z" },
		{ .times = { { 60, 120 } },
				NEW_YORK,
				.utc = "2026-11-01T05:00:00Z",
				.holds = true },
		{ .times = { { 60, 120 } },
				NEW_YORK,
				.utc = "2026-11-01T06:59:59Z",
				.holds = true },
		{ .times = { { 60, 120 } }, NEW_YORK, .utc = "2026-11-01T07:00:00Z" },
		{ .times = { { 120, 180 } }, NEW_YORK, .utc = "2026-03-08T07:00:00Z" },
		/* The day, the month and the year are those of the zone, too. */
		{ .weekdays = { { 1, 1 } }, BERLIN, .utc = "2026-11-22T23:00:00Z", .holds = true },
		{ .weekdays = { { 1, 1 } },
				NEW_YORK,
				.utc = "2026-11-24T04:59:59Z",
				.holds = true },
		{ .days = { { 1, 1 } }, BERLIN, .utc = "2026-06-30T22:00:00Z", .holds = true },
		{ .days = { { -1, -1 } }, NEW_YORK, .utc = "2028-03-01T04:59:59Z", .holds = true },
		{ .months = { { 12, 12 } },
				NEW_YORK,
				.utc = "2027-01-01T04:59:59Z",
				.holds = true },
		{ .years = { { 2027, 2027 } },
				BERLIN,
				.utc = "2026-12-31T23:00:00Z",
				.holds = true },
	};
#undef BERLIN
#undef NEW_YORK

	ck_rows(rows, LEN(rows));
}

TEST(an_interval_holds_while_any_of_its_periods_does)
{
	static const struct interval_range night = { 0, 360 };
	static const struct interval_range weekend = { 6, 6 };
	const struct interval_period periods[] = {
		{ .times = { &night, 1 }, .location = "UTC", .clock = 0 },
		{ .weekdays = { &weekend, 1 }, .location = "Asia/Tokyo", .clock = 1 },
	};
	const struct interval interval = { "two", periods, 2 };
	struct interval_clock clocks[] = {
		clock_of("UTC", "2026-11-27T15:30:00Z"),
		clock_of("Asia/Tokyo", "2026-11-27T15:30:00Z"),
	};

	ck(interval_holds(&interval, clocks) == &periods[1]);
	clocks[0] = clock_of("UTC", "2026-11-27T05:30:00Z");
	clocks[1] = clock_of("Asia/Tokyo", "2026-11-27T05:30:00Z");
	ck(interval_holds(&interval, clocks) == &periods[0]);
	clocks[0].broken = true;
	ck(interval_holds(&interval, clocks) == NULL);
	ck(interval_broken(&interval, clocks) == &periods[0]);
	clocks[0].broken = false;
	ck(interval_broken(&interval, clocks) == NULL);
	ck(interval_holds(&(struct interval){ .name = "none" }, clocks) == NULL);
}
