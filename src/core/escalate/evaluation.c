#include "core/escalate/evaluation.h"

#include "base/clock.h"
#include "base/log.h"
#include "core/core.h"
#include "wire/json_labels.h"

struct round round_begin(struct core *core, struct arena *arena)
{
	return (struct round){ .core = core,
		.arena = arena,
		.policy = &core_config(core)->escalation,
		.now = clock_wall_ms() };
}

struct escalation_row *round_copy(struct round *round, const struct escalation_row *row)
{
	struct escalation_row *copy = arena_memdup(round->arena, row, sizeof(*row));

	copy->failed = arena_strdup(round->arena, row->failed);
	copy->attention = arena_strdup(round->arena, row->attention);
	copy->labels = NULL;
	return copy;
}

struct taking {
	struct round *round;
	struct escalation_row *row;
};

static void take_row(const struct escalation_row *row, void *arg)
{
	struct taking *taking = arg;

	taking->row = round_copy(taking->round, row);
}

int round_row(struct round *round, int64_t incident_id, struct escalation_row **ret,
		struct err *err)
{
	struct taking taking = { .round = round };

	if (escalations_get(round->core->db, incident_id, take_row, &taking, err) < 0) {
		return -1;
	}
	*ret = taking.row;
	return 0;
}

/* They come the newest first, and are kept the oldest first. */
static void take_firing(const struct escalation_row *row, void *arg)
{
	struct round *round = arg;
	struct firing *firing = &round->firing[ROUND_FIRING_MAX - ++round->len];
	struct err err;

	firing->row = round_copy(round, row);
	if (json_labels(row->labels, round->arena, &firing->labels, &err) < 0) {
		firing->labels = (struct labels){ 0 };
	}
}

/* A rule that cannot be asked does not hold. */
static void ask(struct round *round, struct escalation_case *cases, size_t rule)
{
	struct verdict_of_rule *verdict = &round->verdicts[rule];
	struct err wrong;
	int rc = escalation_correlate(
			&round->policy->rules[rule], cases, round->len, &verdict->count, &wrong);

	if (rc < 0) {
		log_error("a rule of escalation cannot be asked", LOG_STR("error", wrong.msg));
	}
	verdict->holds = rc > 0;
	verdict->matches = arena_calloc(round->arena, round->len, sizeof(*verdict->matches));
	for (size_t i = 0; i < round->len; i++) {
		verdict->matches[i] = cases[i].matches;
	}
}

static void ask_all(struct round *round)
{
	size_t rules = round->policy->rules_len;
	struct escalation_case *cases = arena_calloc(round->arena, round->len, sizeof(*cases));

	for (size_t i = 0; i < round->len; i++) {
		cases[i].labels = &round->firing[i].labels;
	}
	round->verdicts = arena_calloc(round->arena, rules, sizeof(*round->verdicts));
	for (size_t rule = 0; rule < rules; rule++) {
		ask(round, cases, rule);
	}
}

int round_firing(struct round *round, struct err *err)
{
	struct firing *all;

	if (round->known || !round->policy->rules_len) {
		return 0;
	}
	all = arena_calloc(round->arena, ROUND_FIRING_MAX, sizeof(*all));
	round->firing = all;
	round->len = 0;
	if (escalations_firing(round->core->db, ROUND_FIRING_MAX, take_firing, round, err) < 0) {
		return -1;
	}
	round->firing = all + ROUND_FIRING_MAX - round->len;
	round->known = true;
	ask_all(round);
	return 0;
}

static bool is_in(const struct round *round, const struct verdict_of_rule *verdict,
		int64_t incident_id)
{
	for (size_t i = 0; i < round->len; i++) {
		if (verdict->matches[i] && round->firing[i].row->incident_id == incident_id) {
			return true;
		}
	}
	return false;
}

/* What the highest rule says that holds for the incident, or NULL. */
static const struct verdict_of_rule *find_verdict(const struct round *round, int64_t incident_id)
{
	const struct escalation *policy = round->policy;

	for (int level = ESCALATION_LEVELS; level > 0; level--) {
		for (size_t i = 0; i < policy->rules_len; i++) {
			const struct verdict_of_rule *verdict = &round->verdicts[i];

			if (policy->rules[i].level == level && verdict->holds &&
					is_in(round, verdict, incident_id)) {
				return verdict;
			}
		}
	}
	return NULL;
}

int round_group(struct round *round, int64_t incident_id, const int64_t **ret_ids, size_t *ret_len,
		struct err *err)
{
	const struct verdict_of_rule *verdict;
	int64_t *ids;
	size_t len = 0;

	*ret_ids = NULL;
	*ret_len = 0;
	if (round_firing(round, err) < 0) {
		return -1;
	}
	verdict = find_verdict(round, incident_id);
	if (!verdict) {
		return 0;
	}
	ids = arena_calloc(round->arena, round->len, sizeof(*ids));
	for (size_t i = 0; i < round->len; i++) {
		if (verdict->matches[i]) {
			ids[len++] = round->firing[i].row->incident_id;
		}
	}
	*ret_ids = ids;
	*ret_len = len;
	return 0;
}
