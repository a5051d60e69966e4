/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "test.h"

#define LEN(a) (sizeof(a) / sizeof(*(a)))

#define LOCAL_MAX 100

static const char *local(const char *zone, const char *utc, char *text)
{
	static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	struct tm tm;
	struct err err;
	int64_t ms = 0;

	must_ok(clock_parse(utc, &ms, &err), err);
	must_ok(zone_local(zone, ms, &tm, &err), err);
	snprintf(text, LOCAL_MAX, "%04d-%02d-%02d %02d:%02d %s", tm.tm_year + 1900, tm.tm_mon + 1,
			tm.tm_mday, tm.tm_hour, tm.tm_min, days[tm.tm_wday]);
	return text;
}

TEST(a_zone_shows_its_own_time_also_around_its_switches)
{
	static const struct {
		const char *zone;
		const char *utc;
		const char *local;
	} rows[] = {
		{ "UTC", "2026-03-29T01:00:00Z", "2026-03-29 01:00 Sun" },
		/* Two becomes three. */
		{ "Europe/Berlin", "2026-03-29T00:59:59Z", "2026-03-29 01:59 Sun" },
		{ "Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-29 03:00 Sun" },
		/* Three becomes two: the hour is there twice. */
		{ "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25 02:30 Sun" },
		{ "Europe/Berlin", "2026-10-25T01:30:00Z", "2026-10-25 02:30 Sun" },
		{ "Europe/Berlin", "2026-10-25T02:00:00Z", "2026-10-25 03:00 Sun" },
		{ "America/New_York", "2026-03-08T06:59:59Z", "2026-03-08 01:59 Sun" },
		{ "America/New_York", "2026-03-08T07:00:00Z", "2026-03-08 03:00 Sun" },
		{ "America/New_York", "2026-11-01T05:30:00Z", "2026-11-01 01:30 Sun" },
		{ "America/New_York", "2026-11-01T06:30:00Z", "2026-11-01 01:30 Sun" },
		/* After the last switch that the file has in it. */
		{ "Europe/Berlin", "2060-07-01T12:00:00Z", "2060-07-01 14:00 Thu" },
		{ "Asia/Kathmandu", "2026-12-31T18:15:00Z", "2027-01-01 00:00 Fri" },
		{ "Pacific/Kiritimati", "2028-02-28T10:00:00Z", "2028-02-29 00:00 Tue" },
		{ "America/Argentina/Buenos_Aires", "2026-06-01T02:59:00Z",
				"2026-05-31 23:59 Sun" },
		{ "Etc/GMT+5", "2026-06-01T02:00:00Z", "2026-05-31 21:00 Sun" },
	};
	char text[LOCAL_MAX];

	for (size_t i = 0; i < LEN(rows); i++) {
		ck_str(local(rows[i].zone, rows[i].utc, text), rows[i].local);
	}
}

TEST(local_is_the_zone_of_the_environment_which_is_put_back)
{
	char text[LOCAL_MAX];
	time_t noon = 1767268800;
	struct tm tm;

	setenv("TZ", "Asia/Tokyo", 1);
	ck_str(local("Local", "2026-01-01T12:00:00Z", text), "2026-01-01 21:00 Thu");
	ck_str(local("Europe/Berlin", "2026-01-01T12:00:00Z", text), "2026-01-01 13:00 Thu");
	ck_str(getenv("TZ"), "Asia/Tokyo");
	localtime_r(&noon, &tm);
	ck_int(tm.tm_hour, 21);
	ck_str(local("Local", "2026-01-01T12:00:00Z", text), "2026-01-01 21:00 Thu");

	unsetenv("TZ");
	local("Europe/Berlin", "2026-01-01T12:00:00Z", text);
	ck(getenv("TZ") == NULL);
}

/* Else the C library would look for the zone elsewhere, find none and say UTC. */
TEST(a_folder_of_the_environment_does_not_count)
{
	char text[LOCAL_MAX];

	setenv("TZDIR", "/nonexistent", 1);
	ck(zone_exists("Europe/Berlin"));
	ck_str(local("Europe/Berlin", "2026-01-01T12:00:00Z", text), "2026-01-01 13:00 Thu");
}

TEST(what_is_no_zone_is_known_as_that)
{
	static const char *const no_zones[] = { "", "Europe", "Europe/Brelin", "europe/berlin ",
		"CET-1", "/usr/share/zoneinfo/UTC", "../zoneinfo/UTC", "Europe/../UTC", "zone.tab",
		"tzdata.zi", "EST5EDT,M3.2.0,M11.1.0", "local", ":UTC", "leapseconds",
		"Europe/Berlin\n",
		"EuropeBerlinBerlinBerlinBerlinBerlinBerlinBerlinBerlinBerlinBerlinBerlin" };
	struct tm tm = { .tm_year = 7 };
	struct err err;

	for (size_t i = 0; i < LEN(no_zones); i++) {
		ck(!zone_exists(no_zones[i]));
		ck_int(zone_local(no_zones[i], 0, &tm, &err), -1);
		ck_int(err.code, ERR_IO);
	}
	ck_int(tm.tm_year, 7);
	ck(zone_exists("UTC"));
	ck(zone_exists("Local"));
	ck(zone_exists("Europe/Berlin"));
	ck(zone_exists("EST5EDT"));
}
