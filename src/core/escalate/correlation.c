/* SPDX-License-Identifier: Apache-2.0 */
#include "core/escalate/correlation.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/escalate/paging.h"
#include "core/notify/compose.h"

#define NAMED_MAX 20 /* values that a reason names */

/* A rule that holds. */
struct holding {
	struct evaluation *evaluation;
	const struct escalation_rule *rule;
	const struct verdict_of_rule *verdict;
	char why[ESCALATION_WHY_MAX];
	int64_t *matching; /* incidents */
	size_t matching_len;
	int64_t *raised; /* those of them that the level was not paged for yet */
	size_t raised_len;
	struct escalation_row *first; /* of raised */
};

/* Is it the first case with this value of the rule's label? */
static bool names_first(const struct holding *holding, size_t i, const char *value)
{
	const struct evaluation *evaluation = holding->evaluation;
	const char *label = holding->rule->distinct;

	for (size_t j = 0; j < i; j++) {
		if (holding->verdict->matches[j] &&
				!strcmp(labels_value(&evaluation->firing[j].labels, label),
						value)) {
			return false;
		}
	}
	return *value != '\0';
}

/* "2 firing at the same time (service): argus, hermes" */
static void say_why(struct holding *holding)
{
	int64_t count = holding->verdict->count;
	const struct evaluation *evaluation = holding->evaluation;
	const char *label = holding->rule->distinct;
	auto_buf struct buf out = { 0 };
	int named = 0;

	if (!label) {
		snprintf(holding->why, sizeof(holding->why),
				"%" PRId64 " incident%s firing at the same time", count,
				count == 1 ? "" : "s");
		return;
	}
	buf_addf(&out, "%" PRId64 " firing at the same time (%.64s): ", count, label);
	for (size_t i = 0; i < evaluation->len && named < NAMED_MAX; i++) {
		const char *value = labels_value(&evaluation->firing[i].labels, label);

		if (holding->verdict->matches[i] && names_first(holding, i, value)) {
			buf_addf(&out, "%s%.64s", named++ ? ", " : "", value);
		}
	}
	snprintf(holding->why, sizeof(holding->why), "%s%s", buf_text(&out),
			count > named ? " and more" : "");
}

/* One incident that matches. */
static int raise_one(struct holding *holding, struct escalation_row *row, struct err *err)
{
	struct evaluation *evaluation = holding->evaluation;
	const struct escalation_level *level =
			escalation_at(evaluation->policy, holding->rule->level);
	const struct paging paging = { level, holding->why, PAGING_BY };
	struct escalation_step step = { 0 };
	bool is_new;

	holding->matching[holding->matching_len++] = row->incident_id;
	if (row->paged_level >= level->level) {
		return 0;
	}
	escalation_paged(evaluation->policy, level, &row->update, evaluation->now, &step);
	row->chain = step.chain;
	row->update = step.update;
	if (paging_note(evaluation, row, &paging, &is_new, err) < 0 ||
			escalations_put(evaluation->escalate->ground->db, row, err) < 0) {
		return -1;
	}
	if (is_new) {
		holding->first = holding->first ? holding->first : row;
		holding->raised[holding->raised_len++] = row->incident_id;
	}
	return 0;
}

/* One message for all that were raised. */
static int notify(const struct holding *holding, struct err *err)
{
	const struct evaluation *evaluation = holding->evaluation;
	const struct escalation_level *level =
			escalation_at(evaluation->policy, holding->rule->level);
	char key[PAGING_KEY_MAX];
	const struct composition composition = {
		.template_kind = TEMPLATE_ESCALATION,
		.key = key,
		.incidents = holding->raised,
		.incidents_len = holding->raised_len,
		.affected = holding->matching,
		.affected_len = holding->matching_len,
		.reason = holding->why,
		.now = evaluation->now,
		.next_update = holding->first ? holding->first->update.due_at : 0,
	};

	if (!holding->first) {
		return 0;
	}
	paging_key(holding->first, TEMPLATE_ESCALATION, escalation_level_name(level->level), key);
	return compose_notify(evaluation->escalate->notify, &composition, level->receivers, err);
}

static int apply(struct evaluation *evaluation, size_t rule, struct err *err)
{
	struct holding holding = {
		.evaluation = evaluation,
		.rule = &evaluation->policy->rules[rule],
		.verdict = &evaluation->verdicts[rule],
		.matching = arena_calloc(evaluation->arena, evaluation->len, sizeof(int64_t)),
		.raised = arena_calloc(evaluation->arena, evaluation->len, sizeof(int64_t)),
	};

	if (!holding.verdict->holds) {
		return 0;
	}
	if (turn_write(&evaluation->escalate->ground->turn, err) < 0) {
		return -1;
	}
	say_why(&holding);
	for (size_t i = 0; i < evaluation->len; i++) {
		if (holding.verdict->matches[i] &&
				raise_one(&holding, evaluation->firing[i].row, err) < 0) {
			return -1;
		}
	}
	return notify(&holding, err);
}

int correlation_apply(struct evaluation *evaluation, struct err *err)
{
	const struct escalation *policy = evaluation->policy;

	evaluation->known = false;
	if (evaluation_firing(evaluation, err) < 0) {
		return -1;
	}
	for (uint8_t level = 1; level <= ESCALATION_LEVELS && evaluation->len; level++) {
		for (size_t i = 0; i < policy->rules_len; i++) {
			if (policy->rules[i].level == level && apply(evaluation, i, err) < 0) {
				return -1;
			}
		}
	}
	return 0;
}
