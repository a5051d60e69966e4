/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <string.h>

#include "test.h"

#define LEN(a) (sizeof(a) / sizeof(*(a)))

TEST(a_time_is_written_in_utc_with_milliseconds)
{
	static const struct {
		int64_t ms;
		const char *text;
	} rows[] = {
		{ 0, "1970-01-01T00:00:00.000Z" },
		{ 1795387242158, "2026-11-22T22:40:42.158Z" },
		{ 951782400001, "2000-02-29T00:00:00.001Z" },
		{ -1, "1969-12-31T23:59:59.999Z" },
		{ INT64_MAX, "9999-12-31T23:59:59.999Z" },
		{ INT64_MIN, "0000-01-01T00:00:00.000Z" },
	};
	char text[CLOCK_TEXT_MAX];

	for (size_t i = 0; i < LEN(rows); i++) {
		ck_str(clock_format(rows[i].ms, text), rows[i].text);
	}
}

TEST(a_time_is_read_in_every_form_that_alertmanager_sends)
{
	static const struct {
		const char *text;
		int64_t ms;
	} rows[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "2026-11-22T22:40:42.158Z", 1795387242158 },
		{ "2026-11-22T22:40:42.158999999Z", 1795387242158 },
		{ "2026-11-22T22:40:42.1Z", 1795387242100 },
		{ "2026-11-22T22:40:42Z", 1795387242000 },
		{ "2026-11-23T00:10:42.158+01:30", 1795387242158 },
		{ "2026-11-22T14:40:42.158-08:00", 1795387242158 },
		{ "2026-11-22t22:40:42.158z", 1795387242158 },
		{ "2024-02-29T12:00:00Z", 1709208000000 },
		{ "2016-12-31T23:59:60Z", 1483228800000 },
		{ "0001-01-01T00:00:00Z", 0 },
		{ "1969-12-31T23:59:59Z", 0 },
		{ "9999-12-31T23:59:59.999Z", 253402300799999 },
	};

	for (size_t i = 0; i < LEN(rows); i++) {
		struct err err = { 0 };
		int64_t ms = -7;

		must_ok(clock_parse(rows[i].text, &ms, &err), err);
		ck_int(ms, rows[i].ms);
	}
}

TEST(what_is_not_an_rfc_3339_time_is_refused)
{
	static const char *const rows[] = {
		"",
		"now",
		"2026-11-22",
		"2026-11-22 22:40:42Z",
		"2026-11-22T22:40:42",
		"2026-11-22T22:40:42.Z",
		"2026-11-22T22:40:42.1234567890Z",
		"2026-11-22T22:40:42Zx",
		"2026-11-22T22:40Z",
		"2026-13-22T22:40:42Z",
		"2026-00-22T22:40:42Z",
		"2026-02-29T22:40:42Z",
		"2100-02-29T22:40:42Z",
		"2026-11-31T22:40:42Z",
		"2026-11-00T22:40:42Z",
		"2026-11-22T24:40:42Z",
		"2026-11-22T22:60:42Z",
		"2026-11-22T22:40:61Z",
		"2026-11-22T22:40:42+24:00",
		"2026-11-22T22:40:42+01:60",
		"2026-11-22T22:40:42+0100",
		"+2026-11-22T22:40:42Z",
		"2026-1-22T22:40:42Z",
	};

	for (size_t i = 0; i < LEN(rows); i++) {
		struct err err = { 0 };
		int64_t ms = -7;

		if (clock_parse(rows[i], &ms, &err) == 0) {
			test_fail(__FILE__, __LINE__, "'%s' was read as a time", rows[i]);
		}
		ck_int(ms, -7);
		ck_int(err.code, ERR_INPUT);
	}
}

TEST(every_day_of_four_centuries_reads_back_as_it_was_written)
{
	char text[CLOCK_TEXT_MAX];

	for (int64_t day = 0; day < INT64_C(146097); day += 13) {
		struct err err = { 0 };
		int64_t ms = -1;

		must_ok(clock_parse(clock_format(day * 86400000 + 1, text), &ms, &err), err);
		ck_int(ms, day * 86400000 + 1);
	}
}

TEST(a_duration_is_read_as_prometheus_reads_it)
{
	static const struct {
		const char *text;
		int64_t ms;
	} rows[] = {
		{ "0", 0 },
		{ "0s", 0 },
		{ "100ms", 100 },
		{ "30s", 30000 },
		{ "5m", 300000 },
		{ "1h30m", 5400000 },
		{ "1d", 86400000 },
		{ "1w", 604800000 },
		{ "365d", 31536000000 },
		{ "1y", 31536000000 },
		{ "1y2w3d4h5m6s7ms", 31536000000 + 2 * 604800000 + 3 * 86400000 + 14706007 },
		{ "3m100ms", 180100 },
		{ "292y", INT64_C(9208512000000) },
	};

	for (size_t i = 0; i < LEN(rows); i++) {
		struct err err = { 0 };
		int64_t ms = -7;

		must_ok(duration_parse(rows[i].text, &ms, &err), err);
		ck_int(ms, rows[i].ms);
	}
}

TEST(what_is_not_a_duration_is_refused)
{
	static const char *const rows[] = {
		"",
		"1",
		"s",
		"-1s",
		"+1s",
		"1.5h",
		"1h 30m",
		" 1h",
		"1h ",
		"30m1h",
		"1m1m",
		"1ms1s",
		"1S",
		"1hour",
		"1us",
		"293y",
		"99999999999999999999s",
		"9223372036854775807y",
		"00",
	};

	for (size_t i = 0; i < LEN(rows); i++) {
		struct err err = { 0 };
		int64_t ms = -7;

		if (duration_parse(rows[i], &ms, &err) == 0) {
			test_fail(__FILE__, __LINE__, "'%s' was read as a duration", rows[i]);
		}
		ck_int(ms, -7);
		ck_int(err.code, ERR_INPUT);
	}
}

TEST(a_duration_is_written_as_people_write_it)
{
	static const struct {
		int64_t ms;
		const char *text;
	} rows[] = {
		{ 0, "0s" },
		{ -5, "0s" },
		{ 250, "250ms" },
		{ 192000, "3m12s" },
		{ 7200000, "2h" },
		{ 86400000 * 400LL + 1001, "400d1s1ms" },
		{ INT64_MAX, "106751991167d7h12m55s807ms" },
	};
	char text[CLOCK_TEXT_MAX];

	for (size_t i = 0; i < LEN(rows); i++) {
		ck_str(duration_format(rows[i].ms, text), rows[i].text);
	}
}

TEST(both_clocks_go_on)
{
	int64_t mono = clock_mono_ms();

	ck(mono > 0);
	ck(clock_mono_ms() >= mono);
	ck(clock_wall_ms() > INT64_C(1700000000000));
}

TEST(times_and_durations_are_said_in_words)
{
	static const struct {
		int64_t ms;
		const char *want;
	} cases[] = {
		{ -5, "0 seconds" },
		{ 999, "0 seconds" },
		{ 1000, "1 second" },
		{ 59999, "59 seconds" },
		{ 60000, "1 minute" },
		{ 12 * 60000 + 59999, "12 minutes" },
		{ 2 * 3600000 - 1, "119 minutes" },
		{ 2 * 3600000, "2 hours" },
		{ 3 * 3600000 + 5 * 60000, "3 hours 5 minutes" },
		{ 48 * 3600000 - 1, "47 hours 59 minutes" },
		{ 48 * 3600000, "2 days" },
		{ INT64_C(53) * 3600000, "2 days 5 hours" },
		{ INT64_C(49) * 3600000, "2 days 1 hour" },
	};
	char text[CLOCK_TEXT_MAX];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_str(duration_say(cases[i].ms, text), cases[i].want);
	}
	ck(strlen(duration_say(INT64_MAX, text)) < CLOCK_TEXT_MAX);
	ck_str(clock_say(INT64_C(1795572899999), text), "2026-11-25 02:14 UTC");
}
