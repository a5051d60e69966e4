/* SPDX-License-Identifier: Apache-2.0 */
#include "config/load_interval.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/config.h"
#include "config/text.h"
#include "sys/zone.h"

#define INTERVALS_MAX 256
#define PERIODS_MAX   64 /* of one interval */
#define RANGES_MAX    64 /* of one field */
#define NAMES_MAX     32 /* in one guard */
#define NAME_BYTES    128

static const char *const weekdays[] = { "sunday", "monday", "tuesday", "wednesday", "thursday",
	"friday", "saturday", NULL };
static const char *const months[] = { "january", "february", "march", "april", "may", "june",
	"july", "august", "september", "october", "november", "december", NULL };

/* What the ranges of one field are made of. */
struct range_kind {
	const char *key;
	const char *expected;
	const char *const *words; /* the first stands for min; or NULL */
	int32_t min, max;
	bool numbers;
	const char *order; /* what is wrong when the end is before the begin */
};

static const struct range_kind weekday_kind = { "weekdays",
	"a weekday like saturday, or a range like monday:friday", weekdays, 0, 6, false,
	"the week begins with sunday: give what is before and after its end as two ranges" };
static const struct range_kind day_kind = { "days_of_month",
	"a day of the month from 1 to 31, or from its end -1 to -31, or a range like 1:5 or -3:-1",
	NULL, -31, 31, true,
	"it must be right in a month of 28 days too, and cannot lead into the next month" };
static const struct range_kind month_kind = { "months",
	"a month from 1 to 12 or by its name, or a range like 1:3 or may:august", months, 1, 12,
	true, "give what is before and after the year's end as two ranges" };
static const struct range_kind year_kind = { "years", "a year, or a range like 2026:2028", NULL, 1,
	9999, true, "turn them round" };

static bool parse_number(const char *text, size_t len, int32_t *ret_value)
{
	bool negative = *text == '-';
	size_t digits = len - negative;

	if (digits == 0 || digits > 4 || strspn(text + negative, "0123456789") < digits) {
		return false;
	}
	*ret_value = (int32_t)strtol(text, NULL, 10);
	return true;
}

/* One member of a range, the first len bytes of text. */
static bool parse_member(
		const struct range_kind *kind, const char *text, size_t len, int32_t *ret_value)
{
	int32_t value = 0;

	for (int i = 0; kind->words && kind->words[i]; i++) {
		if (strlen(kind->words[i]) == len && !strncasecmp(kind->words[i], text, len)) {
			*ret_value = kind->min + i;
			return true;
		}
	}
	if (!kind->numbers || !parse_number(text, len, &value) || value < kind->min ||
			value > kind->max || (value == 0 && kind->min < 0)) {
		return false;
	}
	*ret_value = value;
	return true;
}

/* "A:B", or "A" for both. */
static bool parse_range(
		const struct range_kind *kind, const char *text, struct interval_range *ret_range)
{
	size_t len = strcspn(text, ":");
	const char *end = text[len] ? text + len + 1 : text;

	return parse_member(kind, text, len, &ret_range->begin) &&
	       parse_member(kind, end, strlen(end), &ret_range->end);
}

/* Of a range that counts from the month's end nobody knows where it stands before the month is
 * known; in the shortest it must be right. */
static bool is_turned(const struct range_kind *kind, const struct interval_range *range)
{
	int32_t begin = range->begin;
	int32_t end = range->end;

	if (kind == &day_kind) {
		begin = begin < 0 ? begin + 28 : begin;
		end = end < 0 ? end + 28 : end;
	}
	return begin > end || (range->begin < 0 && range->end > 0);
}

static void load_range(struct loader *loader, const struct yaml_node *node,
		const struct range_kind *kind, struct interval_range *range)
{
	const struct spec row = { kind->key, "a range", SPEC_STRING, .max = 64 };
	const char *text = spec_string(loader, &row, node);
	char got[YAML_DESCRIBE_MAX];

	if (!text) {
		return;
	}
	if (!parse_range(kind, text, range)) {
		mistakes_add(loader->mistakes, &node->place, "expected %s, got %s", kind->expected,
				yaml_describe(node, got));
		return;
	}
	if (is_turned(kind, range)) {
		mistakes_add(loader->mistakes, &node->place,
				"the range %s ends before it begins: %s", yaml_describe(node, got),
				kind->order);
	}
}

static void load_ranges(struct loader *loader, const struct yaml_node *node,
		const struct range_kind *kind, struct interval_ranges *ret_ranges)
{
	struct interval_range *items;
	size_t len = 0;

	if (!spec_list(loader, node, 1, RANGES_MAX)) {
		return;
	}
	items = arena_calloc(loader->arena, node->len, sizeof(*items));
	for (yaml_each(item, node)) {
		load_range(loader, item, kind, &items[len++]);
	}
	*ret_ranges = (struct interval_ranges){ items, len };
}

static void load_weekdays(struct loader *loader, const struct yaml_node *node, void *base)
{
	load_ranges(loader, node, &weekday_kind, &((struct interval_period *)base)->weekdays);
}

static void load_days(struct loader *loader, const struct yaml_node *node, void *base)
{
	load_ranges(loader, node, &day_kind, &((struct interval_period *)base)->days_of_month);
}

static void load_months(struct loader *loader, const struct yaml_node *node, void *base)
{
	load_ranges(loader, node, &month_kind, &((struct interval_period *)base)->months);
}

static void load_years(struct loader *loader, const struct yaml_node *node, void *base)
{
	load_ranges(loader, node, &year_kind, &((struct interval_period *)base)->years);
}

struct time_texts {
	const char *start;
	const char *end;
};

/* -1 when text is no time from 00:00 to 24:00. */
static int32_t minute_of(const char *text)
{
	static const char form[] = "dd:dd";

	for (size_t i = 0; i < sizeof(form); i++) {
		bool right = form[i] == 'd' ? text[i] >= '0' && text[i] <= '9' : text[i] == form[i];

		if (!right) {
			return -1;
		}
	}

	int32_t hour = (text[0] - '0') * 10 + text[1] - '0';
	int32_t minute = (text[3] - '0') * 10 + text[4] - '0';

	return minute < 60 && hour * 60 + minute <= 24 * 60 ? hour * 60 + minute : -1;
}

static const char *text_is_time(const char *text)
{
	return minute_of(text) >= 0 ? NULL : "a time HH:MM from 00:00 to 24:00";
}

static const struct spec time_keys[] = {
	{ "end_time", "the time at which it is over", SPEC_STRING,
			SPEC_FIELD(struct time_texts, end), SPEC_REQUIRED, .format = text_is_time },
	{ "start_time", "the time at which it begins", SPEC_STRING,
			SPEC_FIELD(struct time_texts, start), SPEC_REQUIRED,
			.format = text_is_time },
	{ 0 },
};

static void load_time(
		struct loader *loader, const struct yaml_node *node, struct interval_range *range)
{
	struct time_texts texts = { NULL, NULL };

	if (!spec_load(loader, time_keys, node, &texts, NULL) || !texts.start || !texts.end) {
		return;
	}
	range->begin = minute_of(texts.start);
	range->end = minute_of(texts.end);
	if (range->begin >= range->end) {
		mistakes_add(loader->mistakes, &node->place,
				"start_time %s is not before end_time %s: a time over midnight is two, the first until 24:00, the second from 00:00",
				texts.start, texts.end);
	}
}

static void load_times(struct loader *loader, const struct yaml_node *node, void *base)
{
	struct interval_period *period = base;
	struct interval_range *items;
	size_t len = 0;

	if (!spec_list(loader, node, 1, RANGES_MAX)) {
		return;
	}
	items = arena_calloc(loader->arena, node->len, sizeof(*items));
	for (yaml_each(item, node)) {
		load_time(loader, item, &items[len++]);
	}
	period->times = (struct interval_ranges){ items, len };
}

static const char *text_is_zone(const char *text)
{
	return zone_exists(text)
			       ? NULL
			       : "UTC, Local or a time zone that is installed (package tzdata), like Europe/Berlin";
}

static const struct spec period_keys[] = {
	{ "days_of_month", "days, from 1 or from the end -1", SPEC_CUSTOM, .load = load_days },
	{ "location", "the time zone", SPEC_STRING, SPEC_FIELD(struct interval_period, location),
			.format = text_is_zone },
	{ "months", "months", SPEC_CUSTOM, .load = load_months },
	{ "times", "times of the day", SPEC_CUSTOM, .load = load_times },
	{ "weekdays", "days of the week", SPEC_CUSTOM, .load = load_weekdays },
	{ "years", "years", SPEC_CUSTOM, .load = load_years },
	{ 0 },
};

/* The position of the zone among those of the configuration, which has room for one more. */
static size_t zone_position(struct config *config, const char *zone)
{
	for (size_t i = 0; i < config->zones_len; i++) {
		if (strcmp(config->zones[i], zone) == 0) {
			return i;
		}
	}
	config->zones[config->zones_len] = zone;
	return config->zones_len++;
}

static void load_periods(struct loader *loader, const struct yaml_node *node, void *base)
{
	struct interval *interval = base;
	struct interval_period *periods;
	size_t len = 0;

	if (!spec_list(loader, node, 1, PERIODS_MAX)) {
		return;
	}
	periods = arena_calloc(loader->arena, node->len, sizeof(*periods));
	for (yaml_each(item, node)) {
		struct interval_period *period = &periods[len++];

		period->location = "UTC";
		spec_load(loader, period_keys, item, period, NULL);
		period->clock = zone_position(loader->config, period->location);
	}
	interval->periods = periods;
	interval->periods_len = len;
}

static const struct spec interval_keys[] = {
	{ "name", "every time interval needs a name of its own", SPEC_STRING,
			SPEC_FIELD(struct interval, name), SPEC_REQUIRED, .max = NAME_BYTES,
			.format = text_is_line },
	{ "time_intervals", "the times", SPEC_CUSTOM, .flags = SPEC_REQUIRED,
			.load = load_periods },
	{ 0 },
};

static void refuse_duplicate(struct loader *loader, const struct yaml_node *list,
		const struct yaml_node *interval)
{
	const struct yaml_node *name = yaml_get(interval, "name");

	for (const struct yaml_node *item = list->child; item != interval; item = item->next) {
		const struct yaml_node *other = yaml_get(item, "name");

		if (name && other && name->kind == YAML_SCALAR && other->kind == YAML_SCALAR &&
				strcmp(name->text, other->text) == 0) {
			mistakes_add(loader->mistakes, &name->place,
					"time interval '%s' is already defined in %s:%u",
					name->text, other->place.path, other->place.line);
			return;
		}
	}
}

/* Each period may be in another zone. */
static size_t count_periods(const struct yaml_node *list)
{
	size_t count = 0;

	for (yaml_each(item, list)) {
		const struct yaml_node *periods = yaml_get(item, "time_intervals");

		count += periods && periods->kind == YAML_SEQUENCE ? periods->len : 0;
	}
	return count;
}

void load_intervals(struct loader *loader, const struct yaml_node *node, void *base)
{
	struct config *config = loader->config;

	(void)base;
	if (!spec_list(loader, node, 0, INTERVALS_MAX)) {
		return;
	}
	config->intervals = arena_calloc(loader->arena, node->len, sizeof(*config->intervals));
	config->zones = arena_calloc(loader->arena, count_periods(node), sizeof(*config->zones));
	for (yaml_each(item, node)) {
		spec_load(loader, interval_keys, item, &config->intervals[config->intervals_len++],
				NULL);
		refuse_duplicate(loader, node, item);
	}
}

/* An empty list is as good as none. */
static const struct interval *const *load_names(struct loader *loader, const struct yaml_node *node)
{
	static const struct spec row = { "time interval", "a name", SPEC_STRING,
		.max = NAME_BYTES };
	const struct interval **list;
	size_t len = 0;

	if (!spec_list(loader, node, 0, NAMES_MAX)) {
		return NULL;
	}
	list = arena_calloc(loader->arena, node->len + 1, sizeof(*list));
	for (yaml_each(item, node)) {
		const char *name = spec_string(loader, &row, item);
		const struct interval *interval =
				name ? config_interval(loader->config, name) : NULL;

		if (interval) {
			list[len++] = interval;
		} else if (name) {
			mistakes_add(loader->mistakes, &item->place,
					"there is no time interval '%s'", name);
		}
	}
	return len ? list : NULL;
}

void load_intervals_mute(struct loader *loader, const struct yaml_node *node, void *base)
{
	((struct playbook *)base)->guards.mute_intervals = load_names(loader, node);
}

void load_intervals_active(struct loader *loader, const struct yaml_node *node, void *base)
{
	((struct playbook *)base)->guards.active_intervals = load_names(loader, node);
}
