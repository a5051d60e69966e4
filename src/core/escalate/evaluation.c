/* SPDX-License-Identifier: Apache-2.0 */
#include "core/escalate/evaluation.h"

#include "base/log.h"
#include "wire/json_labels.h"

struct evaluation evaluation_begin(struct escalate_room *escalate, struct arena *arena)
{
	return (struct evaluation){ .escalate = escalate,
		.arena = arena,
		.policy = &configs_now(&escalate->ground->configs)->escalation,
		.now = escalate->ground->turn.wall_ms };
}

struct escalation_row *evaluation_copy(
		struct evaluation *evaluation, const struct escalation_row *row)
{
	struct escalation_row *copy = arena_memdup(evaluation->arena, row, sizeof(*row));

	copy->failed = arena_strdup(evaluation->arena, row->failed);
	copy->attention = arena_strdup(evaluation->arena, row->attention);
	copy->labels = NULL;
	return copy;
}

struct taking {
	struct evaluation *evaluation;
	struct escalation_row *row;
};

static void on_row(const struct escalation_row *row, void *arg)
{
	struct taking *taking = arg;

	taking->row = evaluation_copy(taking->evaluation, row);
}

int evaluation_row(struct evaluation *evaluation, int64_t incident_id, struct escalation_row **ret,
		struct err *err)
{
	struct taking taking = { .evaluation = evaluation };

	if (escalations_get(evaluation->escalate->ground->db, incident_id, on_row, &taking, err) <
			0) {
		return -1;
	}
	*ret = taking.row;
	return 0;
}

/* They come the newest first, and are kept the oldest first. */
static void on_firing(const struct escalation_row *row, void *arg)
{
	struct evaluation *evaluation = arg;
	struct firing *firing = &evaluation->firing[EVALUATION_FIRING_MAX - ++evaluation->len];
	struct err err;

	firing->row = evaluation_copy(evaluation, row);
	if (json_labels(row->labels, evaluation->arena, &firing->labels, &err) < 0) {
		firing->labels = (struct labels){ 0 };
	}
}

/* A rule that cannot be evaluated does not hold. */
static void ask(struct evaluation *evaluation, struct escalation_case *cases, size_t rule)
{
	struct verdict_of_rule *verdict = &evaluation->verdicts[rule];
	struct err wrong;
	int rc = escalation_correlate(&evaluation->policy->rules[rule], cases, evaluation->len,
			&verdict->count, &wrong);

	if (rc < 0) {
		log_error("escalation rule cannot be evaluated", LOG_STR("error", wrong.msg));
	}
	verdict->holds = rc > 0;
	verdict->matches =
			arena_calloc(evaluation->arena, evaluation->len, sizeof(*verdict->matches));
	for (size_t i = 0; i < evaluation->len; i++) {
		verdict->matches[i] = cases[i].matches;
	}
}

static void ask_all(struct evaluation *evaluation)
{
	size_t rules = evaluation->policy->rules_len;
	struct escalation_case *cases =
			arena_calloc(evaluation->arena, evaluation->len, sizeof(*cases));

	for (size_t i = 0; i < evaluation->len; i++) {
		cases[i].labels = &evaluation->firing[i].labels;
	}
	evaluation->verdicts =
			arena_calloc(evaluation->arena, rules, sizeof(*evaluation->verdicts));
	for (size_t rule = 0; rule < rules; rule++) {
		ask(evaluation, cases, rule);
	}
}

int evaluation_firing(struct evaluation *evaluation, struct err *err)
{
	struct firing *all;

	if (evaluation->known || !evaluation->policy->rules_len) {
		return 0;
	}
	all = arena_calloc(evaluation->arena, EVALUATION_FIRING_MAX, sizeof(*all));
	evaluation->firing = all;
	evaluation->len = 0;
	if (escalations_firing(evaluation->escalate->ground->db, EVALUATION_FIRING_MAX, on_firing,
			    evaluation, err) < 0) {
		return -1;
	}
	evaluation->firing = all + EVALUATION_FIRING_MAX - evaluation->len;
	evaluation->known = true;
	ask_all(evaluation);
	return 0;
}

static bool is_in(const struct evaluation *evaluation, const struct verdict_of_rule *verdict,
		int64_t incident_id)
{
	for (size_t i = 0; i < evaluation->len; i++) {
		if (verdict->matches[i] && evaluation->firing[i].row->incident_id == incident_id) {
			return true;
		}
	}
	return false;
}

/* What the highest rule says that holds for the incident, or NULL. */
static const struct verdict_of_rule *find_verdict(
		const struct evaluation *evaluation, int64_t incident_id)
{
	const struct escalation *policy = evaluation->policy;

	for (int level = ESCALATION_LEVELS; level > 0; level--) {
		for (size_t i = 0; i < policy->rules_len; i++) {
			const struct verdict_of_rule *verdict = &evaluation->verdicts[i];

			if (policy->rules[i].level == level && verdict->holds &&
					is_in(evaluation, verdict, incident_id)) {
				return verdict;
			}
		}
	}
	return NULL;
}

int evaluation_group(struct evaluation *evaluation, int64_t incident_id, const int64_t **ret_ids,
		size_t *ret_len, struct err *err)
{
	const struct verdict_of_rule *verdict;
	int64_t *ids;
	size_t len = 0;

	*ret_ids = NULL;
	*ret_len = 0;
	if (evaluation_firing(evaluation, err) < 0) {
		return -1;
	}
	verdict = find_verdict(evaluation, incident_id);
	if (!verdict) {
		return 0;
	}
	ids = arena_calloc(evaluation->arena, evaluation->len, sizeof(*ids));
	for (size_t i = 0; i < evaluation->len; i++) {
		if (verdict->matches[i]) {
			ids[len++] = evaluation->firing[i].row->incident_id;
		}
	}
	*ret_ids = ids;
	*ret_len = len;
	return 0;
}
