/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/escalation.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

const char *const escalation_level_names[] = { "L1", "L2", "L3", "L4", NULL };

uint8_t escalation_level_parse(const char *name)
{
	for (uint8_t i = 0; name && escalation_level_names[i]; i++) {
		if (!strcmp(escalation_level_names[i], name)) {
			return (uint8_t)(i + 1);
		}
	}
	return 0;
}

const char *escalation_level_name(uint8_t level)
{
	return level > 0 && level <= ESCALATION_LEVELS ? escalation_level_names[level - 1] : NULL;
}

const struct escalation_level *escalation_above(const struct escalation *policy, uint8_t level)
{
	for (size_t i = 0; i < policy->levels_len; i++) {
		if (policy->levels[i].level > level) {
			return &policy->levels[i];
		}
	}
	return NULL;
}

const struct escalation_level *escalation_at(const struct escalation *policy, uint8_t level)
{
	const struct escalation_level *found =
			escalation_above(policy, level ? (uint8_t)(level - 1) : 0);

	return found || !policy->levels_len ? found : &policy->levels[policy->levels_len - 1];
}

static struct escalation_timer set(int64_t now, int64_t wait_ms)
{
	return (struct escalation_timer){ now + wait_ms, wait_ms };
}

static bool is_due(const struct escalation_timer *timer, int64_t now)
{
	return timer->due_at && timer->due_at <= now;
}

/* The clock was set back. How long it waited already is not known any more: it waits anew. */
static bool is_late(const struct escalation_timer *timer, int64_t now)
{
	return timer->due_at && timer->due_at - now > timer->wait_ms;
}

static struct escalation_timer hasten(const struct escalation_timer *timer, int64_t now)
{
	return is_late(timer, now) ? set(now, timer->wait_ms) : *timer;
}

uint8_t escalation_opening_level(const struct escalation *policy, const struct playbook *playbook)
{
	const struct escalation_level *first = escalation_at(policy, 0);

	if (playbook && playbook->level) {
		return escalation_level_parse(playbook->level);
	}
	return first ? first->level : 0;
}

int64_t escalation_hold_ms(const struct escalation *policy, uint8_t level)
{
	const struct escalation_level *own = escalation_at(policy, level);

	return own ? own->hold_ms : 0;
}

struct escalation_timer escalation_begin(
		const struct escalation *policy, uint8_t own, uint8_t paged_level, int64_t now)
{
	const struct escalation_level *level = escalation_at(policy, paged_level);

	if (!paged_level) {
		return set(now, escalation_hold_ms(policy, own));
	}
	return level && escalation_above(policy, paged_level) ? set(now, level->respond_within_ms)
							      : (struct escalation_timer){ 0 };
}

struct escalation_timer escalation_begin_updates(
		const struct escalation *policy, uint8_t paged_level, int64_t now)
{
	return paged_level && policy->update_every_ms ? set(now, policy->update_every_ms)
						      : (struct escalation_timer){ 0 };
}

void escalation_paged(const struct escalation *policy, const struct escalation_level *level,
		const struct escalation_timer *update, int64_t now, struct escalation_step *ret)
{
	ret->action = ESCALATION_PAGE;
	ret->level = level;
	ret->chain = escalation_begin(policy, level->level, level->level, now);
	ret->update = *update;
	if (!update->due_at && policy->update_every_ms) {
		ret->update = set(now, policy->update_every_ms);
	}
}

static void call(const struct escalation *policy, const struct escalation_facts *facts,
		const struct escalation_level *level, int64_t now, struct escalation_step *ret)
{
	const struct escalation_level *before = escalation_at(policy, facts->paged_level);
	char within[CLOCK_TEXT_MAX];

	escalation_paged(policy, level, &facts->update, now, ret);
	ret->raises = facts->paged_level != 0;
	if (facts->failed || !facts->paged_level) {
		snprintf(ret->why, sizeof(ret->why), "%s",
				facts->failed   ? facts->failed
				: facts->needed ? facts->needed
						: "it fires, and no run has helped yet");
		return;
	}
	duration_format(facts->chain.wait_ms, within);
	snprintf(ret->why, sizeof(ret->why), "nobody acknowledged within %s of %s", within,
			before ? escalation_level_name(facts->paged_level) : "the page");
}

/* Which level does the chain page now? NULL: none. */
static const struct escalation_level *whom(
		const struct escalation *policy, const struct escalation_facts *facts, int64_t now)
{
	if (!facts->failed && !is_due(&facts->chain, now)) {
		return NULL;
	}
	return facts->paged_level ? escalation_above(policy, facts->paged_level)
				  : escalation_at(policy, facts->level);
}

static bool needs_operator(const struct escalation_facts *facts)
{
	bool open = facts->status == INCIDENT_FIRING ||
		    (facts->status == INCIDENT_MITIGATED && facts->needed);

	return open && !facts->acknowledged;
}

/* The incident is over, held, or acknowledged. */
static bool at_rest(const struct escalation_facts *facts, struct escalation_step *ret)
{
	bool open = facts->status == INCIDENT_FIRING || facts->status == INCIDENT_MITIGATED;
	bool waits = facts->chain.due_at || facts->failed;

	if (!open && (waits || facts->update.due_at)) {
		ret->action = ESCALATION_END;
		return true;
	}
	if (open && facts->held && (waits || facts->update.due_at)) {
		ret->action = ESCALATION_HOLD;
		ret->chain = (struct escalation_timer){ 0 };
		ret->update = (struct escalation_timer){ 0 };
		return true;
	}
	if (waits && !needs_operator(facts)) {
		ret->action = ESCALATION_STOP;
		ret->update = facts->update;
		return true;
	}
	return false;
}

void escalation_next(const struct escalation *policy, const struct escalation_facts *facts,
		int64_t now, struct escalation_step *ret)
{
	const struct escalation_level *level;

	*ret = (struct escalation_step){
		.action = ESCALATION_NOTHING, .chain = facts->chain, .update = facts->update
	};
	if (at_rest(facts, ret)) {
		return;
	}
	level = whom(policy, facts, now);
	if (level) {
		call(policy, facts, level, now, ret);
		return;
	}
	if (facts->failed || is_due(&facts->chain, now)) {
		ret->action = ESCALATION_STOP; /* there is no level above */
		return;
	}
	if (is_due(&facts->update, now)) {
		ret->action = ESCALATION_UPDATE;
		ret->update = policy->update_every_ms ? set(now, policy->update_every_ms)
						      : (struct escalation_timer){ 0 };
		return;
	}
	if (is_late(&facts->chain, now) || is_late(&facts->update, now)) {
		ret->action = ESCALATION_SET;
		ret->chain = hasten(&facts->chain, now);
		ret->update = hasten(&facts->update, now);
	}
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* How many different ones there are. Sorts them. */
static int64_t count_different(const char **values, size_t len)
{
	int64_t count = 0;

	if (len) {
		qsort(values, len, sizeof(*values), compare);
	}
	for (size_t i = 0; i < len; i++) {
		count += i == 0 || strcmp(values[i - 1], values[i]) != 0;
	}
	return count;
}

int escalation_correlate(const struct escalation_rule *rule, struct escalation_case *cases,
		size_t len, int64_t *ret_count, struct err *err)
{
	auto_free const char **values = xcalloc(len + 1, sizeof(*values));
	int64_t matching = 0;
	size_t values_len = 0;

	for (size_t i = 0; i < len; i++) {
		const char *value;

		if (matchers_match(rule->matchers, rule->matchers_len, cases[i].labels,
				    &cases[i].matches, err) < 0) {
			return -1;
		}
		matching += cases[i].matches;
		value = rule->distinct ? labels_value(cases[i].labels, rule->distinct) : "";
		if (cases[i].matches && *value) { /* an absent label is no value at all */
			values[values_len++] = value;
		}
	}
	*ret_count = rule->distinct ? count_different(values, values_len) : matching;
	return *ret_count >= rule->at_least;
}
