/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define DAY_MS       (24 * 60 * 60 * INT64_C(1000))
#define YEAR_0_MS    INT64_C(-62167219200000) /* 0000-01-01T00:00:00.000Z */
#define YEAR_9999_MS INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z */

static int64_t read_ms(clockid_t id)
{
	struct timespec ts = { 0 };

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t clock_mono_ms(void)
{
	return read_ms(CLOCK_BOOTTIME);
}

int64_t clock_wall_ms(void)
{
	return read_ms(CLOCK_REALTIME);
}

const char *clock_format(int64_t ms, char *text)
{
	/* RFC 3339 has four digits for the year: what is outside becomes the nearest it can say */
	int64_t in_range = ms < YEAR_0_MS ? YEAR_0_MS : ms > YEAR_9999_MS ? YEAR_9999_MS : ms;
	int64_t part = ((in_range % 1000) + 1000) % 1000;
	time_t seconds = (time_t)((in_range - part) / 1000);
	struct tm tm = { 0 };

	gmtime_r(&seconds, &tm);
	/* the remainders change nothing; they tell the compiler that it fits */
	snprintf(text, CLOCK_TEXT_MAX, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ",
			(unsigned)(tm.tm_year + 1900) % 10000, (unsigned)(tm.tm_mon + 1) % 100,
			(unsigned)tm.tm_mday % 100, (unsigned)tm.tm_hour % 100,
			(unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100,
			(unsigned)part % 1000);
	return text;
}

/* n digits at *at, which moves past them; -1 when they are not all there. */
static int digits(const char **at, int n)
{
	int value = 0;

	for (int i = 0; i < n; i++) {
		char c = (*at)[i];

		if (c < '0' || c > '9') {
			return -1;
		}
		value = value * 10 + (c - '0');
	}
	*at += n;
	return value;
}

static bool expect(const char **at, char c)
{
	if (**at != c) {
		return false;
	}
	++*at;
	return true;
}

static bool leap_year(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return days[month - 1] + (month == 2 && leap_year(year));
}

/* Days from 1970-01-01 to a date of the proleptic Gregorian calendar. */
static int64_t days_since_epoch(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year; /* the year begins in March here */
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static bool read_date(const char **at, int64_t *ret_ms)
{
	int year = digits(at, 4);

	if (year < 0 || !expect(at, '-')) {
		return false;
	}

	int month = digits(at, 2);

	if (month < 1 || month > 12 || !expect(at, '-')) {
		return false;
	}

	int day = digits(at, 2);

	if (day < 1 || day > days_in_month(year, month)) {
		return false;
	}
	*ret_ms = days_since_epoch(year, month, day) * DAY_MS;
	return true;
}

/* A leap second is the last of its minute; it counts as the second after. */
static bool read_time(const char **at, int64_t *ret_ms)
{
	int hour = digits(at, 2);

	if (hour < 0 || hour > 23 || !expect(at, ':')) {
		return false;
	}

	int minute = digits(at, 2);

	if (minute < 0 || minute > 59 || !expect(at, ':')) {
		return false;
	}

	int second = digits(at, 2);

	if (second < 0 || second > 60) {
		return false;
	}
	*ret_ms = ((hour * 60 + minute) * 60 + second) * INT64_C(1000);
	return true;
}

static bool read_fraction(const char **at, int64_t *ret_ms)
{
	int64_t ms = 0;
	int n = 0;

	*ret_ms = 0;
	if (!expect(at, '.')) {
		return true;
	}
	for (; **at >= '0' && **at <= '9'; ++*at, n++) {
		if (n < 3) {
			ms = ms * 10 + (**at - '0');
		}
	}
	for (int i = n; i < 3; i++) {
		ms *= 10;
	}
	*ret_ms = ms;
	return n >= 1 && n <= 9;
}

static bool read_offset(const char **at, int64_t *ret_ms)
{
	int sign = **at == '-' ? -1 : 1;

	*ret_ms = 0;
	if (expect(at, 'Z') || expect(at, 'z')) {
		return true;
	}
	if (!expect(at, '+') && !expect(at, '-')) {
		return false;
	}

	int hour = digits(at, 2);

	if (hour < 0 || hour > 23 || !expect(at, ':')) {
		return false;
	}

	int minute = digits(at, 2);

	*ret_ms = sign * (hour * 60 + minute) * INT64_C(60000);
	return minute >= 0 && minute <= 59;
}

int clock_parse(const char *text, int64_t *ret_ms, struct err *err)
{
	const char *at = text;
	int64_t date = 0;
	int64_t time = 0;
	int64_t fraction = 0;
	int64_t offset = 0;

	if (!read_date(&at, &date) || !(expect(&at, 'T') || expect(&at, 't')) ||
			!read_time(&at, &time) || !read_fraction(&at, &fraction) ||
			!read_offset(&at, &offset) || *at) {
		return err_set(err, ERR_INPUT, "'%.64s': expected an RFC 3339 time", text);
	}

	int64_t ms = date + time + fraction - offset;

	*ret_ms = ms < 0 ? 0 : ms;
	return 0;
}

/* Longest first, as they must stand in a duration. */
static const struct {
	const char *name;
	int64_t ms;
} units[] = {
	{ "y", 365 * DAY_MS },
	{ "w", 7 * DAY_MS },
	{ "d", DAY_MS },
	{ "h", 3600000 },
	{ "m", 60000 },
	{ "s", 1000 },
	{ "ms", 1 },
};

#define UNITS_LEN (sizeof(units) / sizeof(*units))

/* "12m" at *at: the amount, and which unit; false when there is none. */
static bool read_amount(const char **at, int64_t *ret_amount, size_t *ret_unit)
{
	int64_t amount = 0;
	const char *begin = *at;

	for (; **at >= '0' && **at <= '9'; ++*at) {
		if (__builtin_mul_overflow(amount, 10, &amount) ||
				__builtin_add_overflow(amount, **at - '0', &amount)) {
			return false;
		}
	}

	size_t len = strspn(*at, "abcdefghijklmnopqrstuvwxyz");

	for (size_t i = 0; i<UNITS_LEN && * at> begin; i++) {
		if (strlen(units[i].name) == len && !strncmp(*at, units[i].name, len)) {
			*at += len;
			*ret_amount = amount;
			*ret_unit = i;
			return true;
		}
	}
	return false;
}

int duration_parse(const char *text, int64_t *ret_ms, struct err *err)
{
	const char *at = text;
	int64_t total = 0;
	size_t next = 0; /* units from here on may still come */

	if (!strcmp(text, "0")) {
		*ret_ms = 0;
		return 0;
	}
	do {
		int64_t amount;
		size_t unit;

		if (!read_amount(&at, &amount, &unit) || unit < next) {
			return err_set(err, ERR_INPUT,
					"'%.64s': expected a duration such as 30s or 1h30m", text);
		}
		next = unit + 1;
		/* the bound is Prometheus's: nanoseconds must fit into 63 bits */
		if (__builtin_mul_overflow(amount, units[unit].ms, &amount) ||
				__builtin_add_overflow(total, amount, &total) ||
				total > INT64_MAX / 1000000) {
			return err_set(err, ERR_INPUT, "'%.64s': duration out of range", text);
		}
	} while (*at);
	*ret_ms = total;
	return 0;
}

const char *duration_format(int64_t ms, char *text)
{
	static const size_t first = 2; /* days: years and weeks are hard to read here */
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = first; i < UNITS_LEN && ms > 0; i++) {
		int64_t amount = ms / units[i].ms;

		if (amount && len < CLOCK_TEXT_MAX) {
			len += (size_t)snprintf(text + len, CLOCK_TEXT_MAX - len, "%" PRId64 "%s",
					amount, units[i].name);
		}
		ms %= units[i].ms;
	}
	if (!len) {
		snprintf(text, CLOCK_TEXT_MAX, "0s");
	}
	return text;
}

const char *clock_say(int64_t ms, char *text)
{
	char whole[CLOCK_TEXT_MAX];

	snprintf(text, CLOCK_TEXT_MAX, "%.10s %.5s UTC", clock_format(ms, whole), whole + 11);
	return text;
}

static size_t say_amount(char *text, size_t used, int64_t amount, const char *unit)
{
	return used + (size_t)snprintf(text + used, CLOCK_TEXT_MAX - used, "%s%" PRId64 " %s%s",
				      used ? " " : "", amount, unit, amount == 1 ? "" : "s");
}

const char *duration_say(int64_t ms, char *text)
{
	static const struct {
		int64_t from; /* ms, from which on the unit is used */
		int64_t ms;
		const char *name;
		int64_t part_ms; /* of the smaller unit beside it; 0: none */
		const char *part;
	} says[] = {
		{ 2 * DAY_MS, DAY_MS, "day", 3600000, "hour" },
		{ 2 * 3600000, 3600000, "hour", 60000, "minute" },
		{ 60000, 60000, "minute", 0, "" },
		{ INT64_MIN, 1000, "second", 0, "" },
	};
	size_t i = 0;
	size_t used;

	ms = ms < 0 ? 0 : ms;
	while (ms < says[i].from) {
		i++;
	}
	used = say_amount(text, 0, ms / says[i].ms, says[i].name);
	ms %= says[i].ms;
	if (says[i].part_ms && ms >= says[i].part_ms) {
		say_amount(text, used, ms / says[i].part_ms, says[i].part);
	}
	return text;
}
