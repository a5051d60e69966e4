#include "core/escalate/escalator.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/core.h"
#include "core/escalate/correlation.h"
#include "core/escalate/paging.h"
#include "domain/incident.h"
#include "store/escalations.h"
#include "store/incidents.h"
#include "store/paged_levels.h"

#define BATCH       200   /* chains that one turn goes on with */
#define STEPS_MAX   16    /* of one chain in one turn: each level, and what is between */
#define LOOK_MAX_MS 30000 /* the wall clock may be set while we wait */

CLEANUP_DEFINE(struct arena *, cleanup_arena, arena_free);

static int do_call(struct round *round, struct escalation_row *row,
		const struct escalation_step *step, struct err *err)
{
	const struct call call = { step->level, step->why, CALLS_BY };

	row->chain = step->chain;
	row->update = step->update;
	if (calls_level(round, row, &call, step->raises ? TEMPLATE_ESCALATION : TEMPLATE_INITIAL, err) <
			0) {
		return -1;
	}
	if (step->raises) {
		row->failed = NULL;
	}
	return 0;
}

static int do_update(struct round *round, struct escalation_row *row,
		const struct escalation_step *step, struct err *err)
{
	char number[24];

	row->update = step->update;
	snprintf(number, sizeof(number), "%" PRId64, ++row->updates);
	return calls_known(round, row, TEMPLATE_UPDATE, number, err);
}

static int do_end(struct round *round, struct escalation_row *row, struct err *err)
{
	row->chain = (struct escalation_timer){ 0 };
	row->update = (struct escalation_timer){ 0 };
	row->failed = NULL;
	row->ended_at = round->now;
	return calls_known(round, row, TEMPLATE_RESOLVED, NULL, err);
}

static int do_step(struct round *round, struct escalation_row *row,
		const struct escalation_step *step, struct err *err)
{
	switch (step->action) {
	case ESCALATION_STOP:
		row->chain = (struct escalation_timer){ 0 };
		row->failed = NULL;
		return 0;
	case ESCALATION_SET:
		row->chain = step->chain;
		row->update = step->update;
		return 0;
	case ESCALATION_PAGE:
		return do_call(round, row, step, err);
	case ESCALATION_UPDATE:
		return do_update(round, row, step, err);
	case ESCALATION_END:
		return do_end(round, row, err);
	case ESCALATION_NOTHING:
		break;
	}
	return 0;
}

static void next_step(const struct round *round, const struct escalation_row *row,
		struct escalation_step *ret)
{
	const struct escalation_facts facts = {
		.status = row->status,
		.acknowledged = row->acknowledged,
		.level = row->level,
		.paged_level = row->paged_level,
		.failed = row->failed,
		.needed = row->attention,
		.chain = row->chain,
		.update = row->update,
	};

	escalation_next(round->policy, &facts, round->now, ret);
}

/* Do all that is to be done for one incident now. */
static int go_on(struct round *round, struct escalation_row *row, struct err *err)
{
	struct escalation_step step;
	int done = 0;

	for (next_step(round, row, &step); step.action != ESCALATION_NOTHING && done < STEPS_MAX;
			next_step(round, row, &step)) {
		if (turn_write(&round->core->turn, err) < 0 ||
				do_step(round, row, &step, err) < 0) {
			return -1;
		}
		done++;
	}
	return done ? escalations_put(round->core->db, row, err) : 0;
}

/* What others say */

static bool is_on(const struct round *round)
{
	return round->policy->levels_len > 0;
}

int escalator_fires(struct core *core, const struct incident_facts *incident, struct err *err)
{
	CLEANUP(cleanup_arena) struct arena *arena = arena_new();
	struct round round = round_begin(core, arena);
	struct escalation_row fresh = { .incident_id = incident->id,
		.times_opened = incident->times_opened };
	struct escalation_row *row = NULL;

	if (!is_on(&round)) {
		return 0;
	}
	if (round_row(&round, incident->id, &row, err) < 0) {
		return -1;
	}
	row = row ? row : &fresh;
	row->ended_at = 0;
	row->chain = escalation_begin(round.policy, incident->level, row->paged_level, round.now);
	core->escalator.look = true;
	core->escalator.correlate |= row->paged_level != 0;
	return escalations_put(core->db, row, err);
}

int escalator_needed(struct core *core, int64_t incident_id, struct err *err)
{
	CLEANUP(cleanup_arena) struct arena *arena = arena_new();
	struct round round = round_begin(core, arena);
	struct escalation_row *row = NULL;

	if (round_row(&round, incident_id, &row, err) < 0) {
		return -1;
	}
	if (!row || row->ended_at || (row->paged_level && row->chain.due_at)) {
		return 0;
	}
	row->chain = row->paged_level ? escalation_begin(
						   round.policy, row->level, row->paged_level, round.now)
				 : (struct escalation_timer){ round.now, 0 };
	core->escalator.look = true;
	return escalations_put(core->db, row, err);
}

int escalator_failed(struct core *core, int64_t incident_id, const char *why, struct err *err)
{
	core->escalator.look = true;
	return escalations_failed(core->db, incident_id, why, err);
}

int escalator_over(struct core *core, int64_t incident_id, struct err *err)
{
	CLEANUP(cleanup_arena) struct arena *arena = arena_new();
	struct round round = round_begin(core, arena);
	struct escalation_row *row = NULL;

	if (escalations_touch(core->db, incident_id, round.now, err) < 0 ||
			round_row(&round, incident_id, &row, err) < 0) {
		return -1;
	}
	core->escalator.look = true;
	return row ? go_on(&round, row, err) : 0;
}

int escalator_config_new(struct core *core, struct err *err)
{
	const struct escalation *policy = &core_config(core)->escalation;
	int64_t holds[ESCALATION_LEVELS + 1];

	core->escalator.look = true;
	core->escalator.correlate = true;
	if (!policy->levels_len) {
		return 0;
	}
	for (uint8_t level = 0; level <= ESCALATION_LEVELS; level++) {
		holds[level] = escalation_hold_ms(policy, level);
	}
	return turn_write(&core->turn, err) < 0
			       ? -1
			       : escalations_adopt(core->db, clock_wall_ms(), holds, err);
}

/* The chain that a person lets go on; an incident from before there was a policy has none. */
static int chain_of(struct round *round, int64_t incident_id, struct escalation_row *fresh,
		struct escalation_row **ret, struct err *err)
{
	struct incident_facts incident;

	if (round_row(round, incident_id, ret, err) < 0) {
		return -1;
	}
	if (*ret) {
		return 0;
	}
	if (incidents_facts(round->core->db, incident_id, &incident, err) < 0) {
		return -1;
	}
	*fresh = (struct escalation_row){ .incident_id = incident_id,
		.times_opened = incident.times_opened };
	*ret = fresh;
	return 0;
}

int escalator_raise(
		struct core *core, int64_t incident_id, const struct call *call, struct err *err)
{
	CLEANUP(cleanup_arena) struct arena *arena = arena_new();
	struct round round = round_begin(core, arena);
	struct escalation_row fresh;
	struct escalation_row *row;
	struct escalation_step step = { 0 };

	if (chain_of(&round, incident_id, &fresh, &row, err) < 0) {
		return -1;
	}
	escalation_paged(round.policy, call->level, &row->update, round.now, &step);
	row->chain = step.chain;
	row->update = step.update;
	core->escalator.look = true;
	return calls_level(&round, row, call, TEMPLATE_ESCALATION, err) < 0
			       ? -1
			       : escalations_put(core->db, row, err);
}

/* What is due */

struct due {
	struct round *round;
	struct escalation_row **rows;
	size_t len, cap;
};

static void take_due(const struct escalation_row *row, void *arg)
{
	struct due *due = arg;
	void *items = due->rows;
	struct escalation_row **slot = mem_push(&items, due->len, &due->cap, sizeof(*slot));

	due->rows = items;
	due->rows[due->len++] = round_copy(due->round, row);
}

/*
 * All that is due, a batch a turn; any: also what is not, since the clock was set back and it would
 * be due too late.
 */
static int do_due(struct round *round, bool any, struct err *err)
{
	struct due due = { .round = round };
	int rc = escalations_due(round->core->db, any ? INT64_MAX : round->now,
			any ? INT64_MAX : BATCH, take_due, &due, err);

	for (size_t i = 0; rc == 0 && i < due.len; i++) {
		rc = go_on(round, due.rows[i], err);
	}
	free(due.rows);
	round->core->escalator.look = !any && due.len == BATCH;
	return rc;
}

static int64_t wait_for(const struct escalator *escalator, int64_t now)
{
	int64_t wait = escalator->next_at - now;

	if (escalator->look || escalator->correlate) {
		return 0;
	}
	if (!escalator->next_at) {
		return -1;
	}
	return wait < 0 ? 0 : wait < LOOK_MAX_MS ? wait : LOOK_MAX_MS;
}

static int look(struct round *round, bool any, struct err *err)
{
	struct escalator *escalator = &round->core->escalator;

	if (do_due(round, any, err) < 0) {
		return -1;
	}
	if (escalator->correlate) {
		escalator->correlate = false;
		if (correlation_apply(round, err) < 0) {
			return -1;
		}
	}
	return escalations_next(round->core->db, round->now, &escalator->next_at, err);
}

int64_t escalator_tick(struct core *core, struct err *err)
{
	CLEANUP(cleanup_arena) struct arena *arena = NULL;
	struct escalator *escalator = &core->escalator;
	int64_t now = clock_wall_ms();
	bool any = now < escalator->seen || !escalator->seen;
	bool due = escalator->next_at && escalator->next_at <= now;
	struct round round;

	escalator->seen = now;
	if (!any && !due && !escalator->look && !escalator->correlate) {
		return wait_for(escalator, now);
	}
	arena = arena_new();
	round = round_begin(core, arena);
	return look(&round, any, err) < 0 ? -2 : wait_for(escalator, now);
}
