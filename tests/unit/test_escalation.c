/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/escalation.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "test.h"

#define MINUTE INT64_C(60000)
#define NOW    INT64_C(1795572840000)

static const char *const on_call[] = { "on-call", NULL };

static struct escalation_level four[] = {
	{ 1, on_call, 5 * MINUTE, 2 * MINUTE },
	{ 2, on_call, 10 * MINUTE, MINUTE },
	{ 3, on_call, 15 * MINUTE, 0 },
	{ 4, on_call, 0, 0 },
};
static const struct escalation policy = {
	.update_every_ms = 30 * MINUTE, .levels = four, .levels_len = 4
};
static struct escalation_level low_and_high[] = { { 1, on_call, MINUTE, 0 }, { 3, on_call, 0, 0 } };
static const struct escalation gap = { .levels = low_and_high, .levels_len = 2 };
static const struct escalation none = { 0 };

/* "call L2 (raise): why; due +600000; update +1800000", times from NOW. */
static const char *say(
		const struct escalation *rules, const struct escalation_facts *facts, char *text)
{
	static const char *const actions[] = { "nothing", "stop", "hold", "set", "call", "update",
		"end" };
	struct escalation_step step;
	int used;

	escalation_next(rules, facts, NOW, &step);
	used = snprintf(text, 512, "%s", actions[step.action]);
	if (step.action == ESCALATION_PAGE) {
		used += snprintf(text + used, 512 - (size_t)used, " %s%s: %s",
				escalation_level_name(step.level->level),
				step.raises ? " raise" : "", step.why);
	}
	if (step.action == ESCALATION_PAGE || step.action == ESCALATION_SET) {
		used += snprintf(text + used, 512 - (size_t)used, "; due %+lld",
				step.chain.due_at ? (long long)(step.chain.due_at - NOW) : 0);
	}
	if (step.action >= ESCALATION_SET && step.action <= ESCALATION_UPDATE) {
		snprintf(text + used, 512 - (size_t)used, "; update %+lld",
				step.update.due_at ? (long long)(step.update.due_at - NOW) : 0);
	}
	return text;
}

struct chain_case {
	const struct escalation *rules;
	struct escalation_facts facts;
	const char *want;
};

static void ck_chain(const struct chain_case *cases, size_t len)
{
	char text[512];

	for (size_t i = 0; i < len; i++) {
		ck_str(say(cases[i].rules, &cases[i].facts, text), cases[i].want);
	}
}

#define CK_CHAIN(cases) ck_chain((cases), sizeof(cases) / sizeof((cases)[0]))
#define IN(ms, of)               \
	{                        \
		NOW + (ms), (of) \
	}

TEST(the_hold_is_kept_to_the_millisecond)
{
	static const struct chain_case cases[] = {
		{ &policy, { .level = 1, .chain = IN(1, 2 * MINUTE) }, "nothing" },
		{ &policy, { .level = 1, .chain = IN(0, 2 * MINUTE) },
				"call L1: it fires, and no run has helped yet; due +300000; update +1800000" },
		{ &policy, { .level = 2, .needed = "no playbook", .chain = IN(-1, 2 * MINUTE) },
				"call L2: no playbook; due +600000; update +1800000" },
		{ &policy, { .level = 0, .chain = IN(0, 0) },
				"call L1: it fires, and no run has helped yet; due +300000; update +1800000" },
	};

	CK_CHAIN(cases);
}

TEST(nobody_acknowledged_in_time_calls_the_next_level)
{
	static const struct chain_case cases[] = {
		{ &policy, { .level = 1, .paged_level = 1, .chain = IN(1, 5 * MINUTE) },
				"nothing" },
		{ &policy,
				{ .level = 1,
						.paged_level = 1,
						.chain = IN(0, 5 * MINUTE),
						.update = IN(7, 30 * MINUTE) },
				"call L2 raise: nobody acknowledged within 5m of L1; due +600000; update +7" },
		{ &policy, { .level = 3, .paged_level = 3, .chain = IN(-1, 15 * MINUTE) },
				"call L4 raise: nobody acknowledged within 15m of L3; due +0; update +1800000" },
		{ &policy, { .level = 4, .paged_level = 4, .chain = IN(-1, 0) }, "stop" },
		{ &policy, { .level = 4, .paged_level = 4 }, "nothing" },
	};

	CK_CHAIN(cases);
}

TEST(a_remedy_that_failed_calls_one_level_more_at_once)
{
	static const struct chain_case cases[] = {
		/* within the hold its own level first, and what failed is not forgotten by that */
		{ &policy, { .level = 2, .failed = "run 7 failed", .chain = IN(1, 2 * MINUTE) },
				"call L2: run 7 failed; due +600000; update +1800000" },
		{ &policy,
				{ .level = 2,
						.paged_level = 2,
						.failed = "run 7 failed",
						.chain = IN(1, 10 * MINUTE) },
				"call L3 raise: run 7 failed; due +900000; update +1800000" },
		{ &policy, { .level = 4, .paged_level = 4, .failed = "run 7 failed" }, "stop" },
		/* it is thought mitigated, and yet needs a person */
		{ &policy,
				{ .status = INCIDENT_MITIGATED,
						.paged_level = 1,
						.needed = "it fires on",
						.failed = "it fires on" },
				"call L2 raise: it fires on; due +600000; update +1800000" },
	};

	CK_CHAIN(cases);
}

TEST(the_chain_stops_when_it_is_in_somebodys_hands_or_over)
{
	static const struct chain_case cases[] = {
		{ &policy, { .paged_level = 1, .acknowledged = true, .chain = IN(0, MINUTE) },
				"stop" },
		{ &policy, { .paged_level = 1, .acknowledged = true, .failed = "x" }, "stop" },
		{ &policy, { .paged_level = 1, .acknowledged = true, .update = IN(5, 5) },
				"nothing" },
		{ &policy, { .status = INCIDENT_MITIGATED, .chain = IN(0, MINUTE) }, "stop" },
		{ &policy, { .status = INCIDENT_MITIGATED, .paged_level = 2, .chain = IN(9, 10) },
				"stop" },
		/* whoever was notified, paged or not, is notified of the end */
		{ &policy, { .status = INCIDENT_RESOLVED, .chain = IN(0, MINUTE) }, "end" },
		{ &policy, { .status = INCIDENT_RESOLVED, .paged_level = 1, .chain = IN(0, 0) },
				"end" },
		{ &policy, { .status = INCIDENT_CLOSED, .paged_level = 1, .update = IN(5, 5) },
				"end" },
		{ &policy, { .status = INCIDENT_RESOLVED, .paged_level = 1 }, "nothing" },
	};

	CK_CHAIN(cases);
}

TEST(updates_come_at_the_promised_time_while_it_is_open)
{
	static const struct chain_case cases[] = {
		{ &policy, { .paged_level = 1, .update = IN(1, 30 * MINUTE) }, "nothing" },
		{ &policy, { .paged_level = 1, .update = IN(0, 30 * MINUTE) },
				"update; update +1800000" },
		{ &policy,
				{ .status = INCIDENT_MITIGATED,
						.paged_level = 1,
						.update = IN(-9, 30 * MINUTE) },
				"update; update +1800000" },
		/* after a reload without any: the one that was promised is the last */
		{ &gap, { .paged_level = 3, .update = IN(0, 30 * MINUTE) }, "update; update +0" },
		{ &policy, { .paged_level = 1, .acknowledged = true, .update = IN(0, 1) },
				"update; update +1800000" },
	};

	CK_CHAIN(cases);
}

TEST(a_clock_that_was_set_back_delays_by_the_wait_at_most)
{
	static const struct chain_case cases[] = {
		{ &policy, { .paged_level = 1, .chain = IN(5 * MINUTE, 5 * MINUTE) }, "nothing" },
		{ &policy, { .paged_level = 1, .chain = IN(5 * MINUTE + 1, 5 * MINUTE) },
				"set; due +300000; update +0" },
		{ &policy,
				{ .paged_level = 1,
						.chain = IN(9, 10),
						.update = IN(1440 * MINUTE, MINUTE) },
				"set; due +9; update +60000" },
	};

	CK_CHAIN(cases);
}

TEST(levels_that_left_the_configuration_are_passed_over)
{
	static const struct chain_case cases[] = {
		{ &gap, { .level = 2, .chain = IN(0, 0) },
				"call L3: it fires, and no run has helped yet; due +0; update +0" },
		{ &gap, { .level = 4, .chain = IN(0, 0) },
				"call L3: it fires, and no run has helped yet; due +0; update +0" },
		{ &gap, { .level = 2, .paged_level = 2, .chain = IN(0, 10 * MINUTE) },
				"call L3 raise: nobody acknowledged within 10m of L2; due +0; update +0" },
		{ &none, { .level = 2, .paged_level = 2, .chain = IN(0, MINUTE) }, "stop" },
		{ &none, { .level = 2, .failed = "x" }, "stop" },
	};

	CK_CHAIN(cases);
}

TEST(a_chain_begins_with_the_hold_and_goes_on_with_its_level)
{
	ck_int(escalation_begin(&policy, 0, 0, NOW).due_at, NOW + 2 * MINUTE);
	ck_int(escalation_begin(&policy, 1, 0, NOW).due_at, NOW + 2 * MINUTE);
	ck_int(escalation_begin(&policy, 2, 0, NOW).due_at, NOW + MINUTE);
	ck_int(escalation_begin(&policy, 4, 0, NOW).due_at, NOW);
	ck_int(escalation_begin(&policy, 1, 2, NOW).due_at, NOW + 10 * MINUTE);
	ck_int(escalation_begin(&policy, 1, 4, NOW).due_at, 0);
	ck_int(escalation_begin(&none, 1, 0, NOW).due_at, NOW);
	ck_int(escalation_begin(&none, 0, 1, NOW).due_at, 0);
	ck(escalation_at(&none, 1) == NULL);
	ck_int(escalation_at(&policy, 0)->level, 1);
	ck(escalation_above(&policy, 4) == NULL);
}

TEST(level_names_are_read_and_written)
{
	ck_int(escalation_level_parse("L1"), 1);
	ck_int(escalation_level_parse("L4"), 4);
	ck_int(escalation_level_parse("L5"), 0);
	ck_int(escalation_level_parse(NULL), 0);
	ck_str(escalation_level_name(3), "L3");
	ck(escalation_level_name(0) == NULL);
	ck(escalation_level_name(5) == NULL);
}

/* Cases with these services; "" has none, "-x" does not match. */
static int correlate(const char *const *services, const char *distinct, int64_t at_least,
		int64_t *ret_count)
{
	struct label labels[8][2];
	struct labels sets[8];
	struct escalation_case cases[8] = { 0 };
	struct arena *arena = arena_new();
	struct matcher matcher;
	const struct escalation_rule rule = { .level = 3,
		.matchers = &matcher,
		.matchers_len = 1,
		.distinct = distinct,
		.at_least = at_least };
	size_t len = 0;
	struct err err;
	int rc;

	must_ok(matcher_parse("alertname=\"Down\"", arena, &matcher, &err), err);
	for (; services[len]; len++) {
		bool other = services[len][0] == '-';

		labels[len][0] = (struct label){ "alertname", other ? "Slow" : "Down" };
		labels[len][1] = (struct label){ "service", services[len] + other };
		sets[len] = (struct labels){ labels[len], services[len][0] ? 2 : 1 };
		cases[len].labels = &sets[len];
	}
	rc = escalation_correlate(&rule, cases, len, ret_count, &err);
	for (size_t i = 0; i < len; i++) {
		ck_int(cases[i].matches, services[i][0] != '-');
	}
	matcher_clear(&matcher);
	arena_free(arena);
	return rc;
}

TEST(an_incident_opens_at_the_level_of_its_playbook_or_at_the_first)
{
	static const struct playbook third = { .level = "L3" }, silent = { 0 };
	static struct escalation_level high[] = { { 2, on_call, 0, 0 }, { 4, on_call, 0, 0 } };
	static const struct escalation from_two = { .levels = high, .levels_len = 2 };
	static const struct {
		const struct escalation *rules;
		const struct playbook *playbook;
		uint8_t level;
	} rows[] = {
		{ &policy, &third, 3 },
		{ &policy, &silent, 1 },
		{ &policy, NULL, 1 },
		{ &from_two, &third, 3 }, /* though nobody is paged at it */
		{ &from_two, &silent, 2 },
		{ &from_two, NULL, 2 },
		{ &none, &third, 3 },
		{ &none, &silent, 0 },
		{ &none, NULL, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_int(escalation_opening_level(rows[i].rules, rows[i].playbook), rows[i].level);
	}
}

#define SERVICES(...) ((const char *const[]){ __VA_ARGS__, NULL })

TEST(rules_count_values_or_incidents_that_match)
{
	int64_t count;

	ck_int(correlate(SERVICES("argus"), "service", 2, &count), 0);
	ck_int(correlate(SERVICES("argus", "argus"), "service", 2, &count), 0);
	ck_int(count, 1);
	ck_int(correlate(SERVICES("argus", "hermes"), "service", 2, &count), 1);
	ck_int(correlate(SERVICES("argus", "-hermes", "iris"), "service", 3, &count), 0);
	ck_int(count, 2);
	ck_int(correlate(SERVICES("argus", ""), "service", 2, &count), 0);
	ck_int(count, 1);
	ck_int(correlate(SERVICES("argus", "argus"), NULL, 2, &count), 1);
	ck_int(count, 2);
	ck_int(correlate(SERVICES(""), NULL, 1, &count), 1);
}

TEST(nobody_is_paged_and_nobody_gets_updates_while_it_is_held)
{
	static const struct chain_case cases[] = {
		{ &policy, { .held = true, .level = 1 }, "nothing" },
		{ &policy, { .held = true, .level = 1, .chain = IN(0, MINUTE) }, "hold" },
		{ &policy, { .held = true, .level = 1, .chain = IN(5 * MINUTE, 5 * MINUTE) },
				"hold" },
		{ &policy, { .held = true, .level = 1, .failed = "run 1 failed" }, "hold" },
		{ &policy, { .held = true, .level = 1, .paged_level = 1, .update = IN(0, MINUTE) },
				"hold" },
		{ &policy,
				{ .held = true,
						.acknowledged = true,
						.paged_level = 1,
						.update = IN(MINUTE, MINUTE) },
				"hold" },
	};

	CK_CHAIN(cases);
}

TEST(whoever_was_paged_hears_of_the_end_of_one_that_is_held)
{
	static const struct chain_case cases[] = {
		{ &policy,
				{ .held = true,
						.status = INCIDENT_RESOLVED,
						.paged_level = 1,
						.chain = IN(0, 0) },
				"end" },
	};

	CK_CHAIN(cases);
}

TEST(updates_begin_again_only_for_whom_was_paged)
{
	ck_int(escalation_begin_updates(&policy, 0, NOW).due_at, 0);
	ck_int(escalation_begin_updates(&policy, 2, NOW).due_at, NOW + 30 * MINUTE);
	ck_int(escalation_begin_updates(&gap, 1, NOW).due_at, 0);
}
