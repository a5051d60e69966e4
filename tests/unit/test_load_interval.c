/* SPDX-License-Identifier: Apache-2.0 */
#include "config/load_interval.h"

#include <string.h>

#include "config_texts.h"
#include "test.h"

/* As Alertmanager's documentation has them. */
static const char example[] =
		"playbooks:\n"
		"  - name: restart\n"
		"    matchers: ['a=\"b\"']\n"
		"    guards:\n"
		"      active_time_intervals: [offhours, 'Feast days']\n"
		"      mute_time_intervals: [offhours]\n"
		"    steps: [{ name: s, run: [df] }]\n"
		"  - name: always\n"
		"    matchers: ['a=\"b\"']\n"
		"    guards: { active_time_intervals: [], mute_time_intervals: [] }\n"
		"    steps: [{ name: s, run: [df] }]\n"
		"time_intervals:\n"
		"  - name: offhours\n"
		"    time_intervals:\n"
		"      - times:\n"
		"          - start_time: 00:00\n"
		"            end_time: '09:00'\n"
		"          - start_time: \"17:30\"\n"
		"            end_time: '24:00'\n"
		"        weekdays: ['monday:Friday', saturday, 'sunday:sunday']\n"
		"        days_of_month: ['1:5', '-3:-1', 7, '1:-1']\n"
		"        months: ['1:3', 'May:august', december, 4:june]\n"
		"        years: ['2020:2022', 2030]\n"
		"        location: Europe/Berlin\n"
		"      - weekdays: [saturday]\n"
		"  - name: Feast days\n"
		"    time_intervals:\n"
		"      - { days_of_month: ['25:26'], months: ['12'], location: 'Local' }\n"
		"      - { months: [january], location: Europe/Berlin }\n"
		"      - {}\n";

static void ck_ranges(
		const struct interval_ranges *ranges, size_t len, const struct interval_range *want)
{
	ck_int(ranges->len, len);
	for (size_t i = 0; i < len && i < ranges->len; i++) {
		ck_int(ranges->items[i].begin, want[i].begin);
		ck_int(ranges->items[i].end, want[i].end);
	}
}

#define CK_RANGES(ranges, ...)                                             \
	ck_ranges((ranges),                                                \
			sizeof((struct interval_range[]){ __VA_ARGS__ }) / \
					sizeof(struct interval_range),     \
			(struct interval_range[]){ __VA_ARGS__ })

TEST(time_intervals_are_read)
{
	struct config *config = must_parse(example);
	const struct interval_period *period = config->intervals[0].periods;

	ck_int(config->intervals_len, 2);
	ck_str(config->intervals[0].name, "offhours");
	ck_int(config->intervals[0].periods_len, 2);
	CK_RANGES(&period->times, { 0, 540 }, { 1050, 1440 });
	CK_RANGES(&period->weekdays, { 1, 5 }, { 6, 6 }, { 0, 0 });
	CK_RANGES(&period->days_of_month, { 1, 5 }, { -3, -1 }, { 7, 7 }, { 1, -1 });
	CK_RANGES(&period->months, { 1, 3 }, { 5, 8 }, { 12, 12 }, { 4, 6 });
	CK_RANGES(&period->years, { 2020, 2022 }, { 2030, 2030 });
	ck_str(period->location, "Europe/Berlin");
	CK_RANGES(&period[1].weekdays, { 6, 6 });
	ck_int(period[1].times.len, 0);
	ck_str(period[1].location, "UTC");
	config_free(config);
}

TEST(each_zone_has_one_clock)
{
	struct config *config = must_parse(example);
	const struct interval_period *feasts = config->intervals[1].periods;

	ck_int(config->zones_len, 3);
	ck_str(config->zones[0], "Europe/Berlin");
	ck_str(config->zones[1], "UTC");
	ck_str(config->zones[2], "Local");
	ck_int(config->intervals[0].periods[0].clock, 0);
	ck_int(config->intervals[0].periods[1].clock, 1);
	ck_int(feasts[0].clock, 2);
	ck_int(feasts[1].clock, 0);
	ck_int(feasts[2].clock, 1);
	config_free(config);
}

TEST(guards_name_time_intervals_wherever_these_stand)
{
	struct config *config = must_parse(example);
	const struct guard_rules *rules = &config->playbooks[0].guards;

	must(rules->active_intervals && rules->mute_intervals);
	ck(rules->active_intervals[0] == &config->intervals[0]);
	ck(rules->active_intervals[1] == &config->intervals[1]);
	ck(rules->active_intervals[2] == NULL);
	ck(rules->mute_intervals[0] == &config->intervals[0]);
	ck(rules->mute_intervals[1] == NULL);
	ck(config->playbooks[1].guards.active_intervals == NULL);
	ck(config->playbooks[1].guards.mute_intervals == NULL);
	config_free(config);
}

TEST(ranges_that_are_wrong_are_told)
{
	static const struct mistake_case cases[] = {
		{ "time_intervals:\n"
		  "- name: x\n"
		  "  time_intervals: [{weekdays: ['friday:monday', 'saturday:sunday', 1, fri, 'monday:', ':friday', 'monday:tuesday:friday', '']}]\n",
				"etc/main.yml:3:32: error: the range \"friday:monday\" ends before it begins: the week begins with sunday: give what is before and after its end as two ranges\n"
				"etc/main.yml:3:49: error: the range \"saturday:sunday\" ends before it begins: the week begins with sunday: give what is before and after its end as two ranges\n"
				"etc/main.yml:3:68: error: expected a weekday like saturday, or a range like monday:friday, got \"1\"\n"
				"etc/main.yml:3:71: error: expected a weekday like saturday, or a range like monday:friday, got \"fri\"\n"
				"etc/main.yml:3:76: error: expected a weekday like saturday, or a range like monday:friday, got \"monday:\"\n"
				"etc/main.yml:3:87: error: expected a weekday like saturday, or a range like monday:friday, got \":friday\"\n"
				"etc/main.yml:3:98: error: expected a weekday like saturday, or a range like monday:friday, got \"monday:tuesday:friday\"\n"
				"etc/main.yml:3:123: error: 'weekdays' may not be empty\n" },
		{ "time_intervals:\n"
		  "- name: x\n"
		  "  time_intervals: [{days_of_month: [0, 32, -32, '1:0', '1 : 5', '1-5', '+1', a]}]\n",
				"etc/main.yml:3:37: error: expected a day of the month from 1 to 31, or from its end -1 to -31, or a range like 1:5 or -3:-1, got \"0\"\n"
				"etc/main.yml:3:40: error: expected a day of the month from 1 to 31, or from its end -1 to -31, or a range like 1:5 or -3:-1, got \"32\"\n"
				"etc/main.yml:3:44: error: expected a day of the month from 1 to 31, or from its end -1 to -31, or a range like 1:5 or -3:-1, got \"-32\"\n"
				"etc/main.yml:3:49: error: expected a day of the month from 1 to 31, or from its end -1 to -31, or a range like 1:5 or -3:-1, got \"1:0\"\n"
				"etc/main.yml:3:56: error: expected a day of the month from 1 to 31, or from its end -1 to -31, or a range like 1:5 or -3:-1, got \"1 : 5\"\n"
				"etc/main.yml:3:65: error: expected a day of the month from 1 to 31, or from its end -1 to -31, or a range like 1:5 or -3:-1, got \"1-5\"\n"
				"etc/main.yml:3:72: error: expected a day of the month from 1 to 31, or from its end -1 to -31, or a range like 1:5 or -3:-1, got \"+1\"\n"
				"etc/main.yml:3:78: error: expected a day of the month from 1 to 31, or from its end -1 to -31, or a range like 1:5 or -3:-1, got \"a\"\n" },
		{ "time_intervals:\n"
		  "- name: x\n"
		  "  time_intervals: [{days_of_month: ['-31:1', '-1:-3', '25:-5', '5:1']}]\n",
				"etc/main.yml:3:37: error: the range \"-31:1\" ends before it begins: it must be right in a month of 28 days too, and cannot lead into the next month\n"
				"etc/main.yml:3:46: error: the range \"-1:-3\" ends before it begins: it must be right in a month of 28 days too, and cannot lead into the next month\n"
				"etc/main.yml:3:55: error: the range \"25:-5\" ends before it begins: it must be right in a month of 28 days too, and cannot lead into the next month\n"
				"etc/main.yml:3:64: error: the range \"5:1\" ends before it begins: it must be right in a month of 28 days too, and cannot lead into the next month\n" },
		{ "time_intervals:\n"
		  "- name: x\n"
		  "  time_intervals: [{months: [0, 13, '5:1', decembre, jan]}]\n",
				"etc/main.yml:3:30: error: expected a month from 1 to 12 or by its name, or a range like 1:3 or may:august, got \"0\"\n"
				"etc/main.yml:3:33: error: expected a month from 1 to 12 or by its name, or a range like 1:3 or may:august, got \"13\"\n"
				"etc/main.yml:3:37: error: the range \"5:1\" ends before it begins: give what is before and after the year's end as two ranges\n"
				"etc/main.yml:3:44: error: expected a month from 1 to 12 or by its name, or a range like 1:3 or may:august, got \"decembre\"\n"
				"etc/main.yml:3:54: error: expected a month from 1 to 12 or by its name, or a range like 1:3 or may:august, got \"jan\"\n" },
		{ "time_intervals:\n"
		  "- name: x\n"
		  "  time_intervals: [{years: [0, '2022:2020', 12345, -1, '2020-2022']}]\n",
				"etc/main.yml:3:29: error: expected a year, or a range like 2026:2028, got \"0\"\n"
				"etc/main.yml:3:32: error: the range \"2022:2020\" ends before it begins: turn them round\n"
				"etc/main.yml:3:45: error: expected a year, or a range like 2026:2028, got \"12345\"\n"
				"etc/main.yml:3:52: error: expected a year, or a range like 2026:2028, got \"-1\"\n"
				"etc/main.yml:3:56: error: expected a year, or a range like 2026:2028, got \"2020-2022\"\n" },
		{ "time_intervals:\n"
		  "- name: x\n"
		  "  time_intervals: [{times: [], weekdays: monday, months: , years: {}}]\n",
				"etc/main.yml:3:28: error: expected a list of 1 to 64 elements, got 0\n"
				"etc/main.yml:3:42: error: expected a list, got \"monday\"\n"
				"etc/main.yml:3:50: error: expected a list of 1 to 64 elements, got 0\n"
				"etc/main.yml:3:67: error: expected a list, got a mapping\n" },
	};

	CK_CASES(cases);
}

TEST(a_time_is_from_0_to_24_and_ends_after_it_begins)
{
	static const struct mistake_case cases[] = {
		{ "time_intervals:\n"
		  "- name: x\n"
		  "  time_intervals: [{times: [{start_time: '22:00', end_time: '06:00'}, {start_time: '09:00', end_time: '09:00'}]}]\n",
				"etc/main.yml:3:29: error: start_time 22:00 is not before end_time 06:00: a time over midnight is two, the first until 24:00, the second from 00:00\n"
				"etc/main.yml:3:71: error: start_time 09:00 is not before end_time 09:00: a time over midnight is two, the first until 24:00, the second from 00:00\n" },
		{ "time_intervals:\n"
		  "- name: x\n"
		  "  time_intervals: [{times: [{start_time: '9:00', end_time: '24:01'}, {start_time: '12:60', end_time: '13:000'}]}]\n",
				"etc/main.yml:3:42: error: expected a time HH:MM from 00:00 to 24:00, got \"9:00\"\n"
				"etc/main.yml:3:60: error: expected a time HH:MM from 00:00 to 24:00, got \"24:01\"\n"
				"etc/main.yml:3:83: error: expected a time HH:MM from 00:00 to 24:00, got \"12:60\"\n"
				"etc/main.yml:3:102: error: expected a time HH:MM from 00:00 to 24:00, got \"13:000\"\n" },
		{ "time_intervals:\n"
		  "- name: x\n"
		  "  time_intervals: [{times: [{start_time: '12:00'}, {}, 09:00, {start_time: '00:00', end_time: '25:00', until: '1'}]}]\n",
				"etc/main.yml:3:29: error: missing key 'end_time': the time at which it is over\n"
				"etc/main.yml:3:52: error: missing key 'end_time': the time at which it is over\n"
				"etc/main.yml:3:52: error: missing key 'start_time': the time at which it begins\n"
				"etc/main.yml:3:56: error: expected a mapping, got \"09:00\"\n"
				"etc/main.yml:3:95: error: expected a time HH:MM from 00:00 to 24:00, got \"25:00\"\n"
				"etc/main.yml:3:104: error: unknown key 'until': expected end_time or start_time\n" },
	};

	CK_CASES(cases);
}

TEST(a_location_is_a_zone_that_is_there)
{
	static const struct mistake_case cases[] = {
		{ "time_intervals:\n"
		  "- name: x\n"
		  "  time_intervals: [{location: Europe/Brelin}, {location: }, {location: 'CET-1CEST'}, {location: [UTC]}, {time_zone: UTC}]\n",
				"etc/main.yml:3:31: error: expected UTC, Local or a time zone that is installed (package tzdata), like Europe/Berlin, got \"Europe/Brelin\"\n"
				"etc/main.yml:3:48: error: expected a string, got nothing\n"
				"etc/main.yml:3:72: error: expected UTC, Local or a time zone that is installed (package tzdata), like Europe/Berlin, got \"CET-1CEST\"\n"
				"etc/main.yml:3:97: error: expected a string, got a list\n"
				"etc/main.yml:3:106: error: unknown key 'time_zone': expected days_of_month, location, months, times, weekdays or years\n" },
	};

	CK_CASES(cases);
}

TEST(each_time_interval_has_a_name_of_its_own)
{
	static const struct mistake_case cases[] = {
		{ "time_intervals:\n"
		  "- {name: a, time_intervals: []}\n"
		  "- {name: a, time_intervals: [{}]}\n"
		  "- {time_intervals: [{}]}\n"
		  "- {name: '', time_intervals: [{}]}\n"
		  "- {name: b}\n"
		  "- {name: c, time_interval: [{}]}\n"
		  "- \"d\"\n",
				"etc/main.yml:2:29: error: expected a list of 1 to 64 elements, got 0\n"
				"etc/main.yml:3:10: error: time interval 'a' is already defined in etc/main.yml:2\n"
				"etc/main.yml:4:3: error: missing key 'name': every time interval needs a name of its own\n"
				"etc/main.yml:5:10: error: 'name' may not be empty\n"
				"etc/main.yml:6:3: error: missing key 'time_intervals': the times\n"
				"etc/main.yml:7:3: error: missing key 'time_intervals': the times\n"
				"etc/main.yml:7:13: error: unknown key 'time_interval', did you mean 'time_intervals'?\n"
				"etc/main.yml:8:3: error: expected a mapping, got \"d\"\n" },
	};

	CK_CASES(cases);
}

TEST(a_guard_names_time_intervals_that_are_there)
{
	static const struct mistake_case cases[] = {
		{ "time_intervals:\n"
		  "- {name: a, time_intervals: [{times: [{}]}]}\n"
		  "playbooks:\n"
		  "- name: p\n"
		  "  matchers: ['a=\"b\"']\n"
		  "  guards: {active_time_intervals: [a, nope, b], mute_time_intervals: nights, mute_time_interval: [a]}\n"
		  "  steps: [{name: s, run: [df]}]\n",
				"etc/main.yml:2:39: error: missing key 'end_time': the time at which it is over\n"
				"etc/main.yml:2:39: error: missing key 'start_time': the time at which it begins\n"
				"etc/main.yml:6:39: error: there is no time interval 'nope'\n"
				"etc/main.yml:6:45: error: there is no time interval 'b'\n"
				"etc/main.yml:6:70: error: expected a list, got \"nights\"\n"
				"etc/main.yml:6:78: error: unknown key 'mute_time_interval', did you mean 'mute_time_intervals'?\n" },
	};

	CK_CASES(cases);
}
