/* SPDX-License-Identifier: Apache-2.0 */
#include "core/escalate/escalator.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
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

static int do_page(struct evaluation *evaluation, struct escalation_row *row,
		const struct escalation_step *step, struct err *err)
{
	const struct paging paging = { step->level, step->why, PAGING_BY };

	row->chain = step->chain;
	row->update = step->update;
	if (paging_level(evaluation, row, &paging,
			    step->raises ? TEMPLATE_ESCALATION : TEMPLATE_INITIAL, err) < 0) {
		return -1;
	}
	if (step->raises) {
		row->failed = NULL;
	}
	return 0;
}

static int do_update(struct evaluation *evaluation, struct escalation_row *row,
		const struct escalation_step *step, struct err *err)
{
	char number[24];

	row->update = step->update;
	snprintf(number, sizeof(number), "%" PRId64, ++row->updates);
	return paging_known(evaluation, row, TEMPLATE_UPDATE, number, err);
}

static int do_end(struct evaluation *evaluation, struct escalation_row *row, struct err *err)
{
	row->chain = (struct escalation_timer){ 0 };
	row->update = (struct escalation_timer){ 0 };
	row->failed = NULL;
	row->ended_at = evaluation->now;
	return paging_known(evaluation, row, TEMPLATE_RESOLVED, NULL, err);
}

static int do_step(struct evaluation *evaluation, struct escalation_row *row,
		const struct escalation_step *step, struct err *err)
{
	switch (step->action) {
	case ESCALATION_STOP:
		row->chain = (struct escalation_timer){ 0 };
		row->failed = NULL;
		return 0;
	case ESCALATION_HOLD:
		row->chain = step->chain;
		row->update = step->update;
		row->failed = NULL;
		return 0;
	case ESCALATION_SET:
		row->chain = step->chain;
		row->update = step->update;
		return 0;
	case ESCALATION_PAGE:
		return do_page(evaluation, row, step, err);
	case ESCALATION_UPDATE:
		return do_update(evaluation, row, step, err);
	case ESCALATION_END:
		return do_end(evaluation, row, err);
	case ESCALATION_NOTHING:
		break;
	}
	return 0;
}

static void next_step(const struct evaluation *evaluation, const struct escalation_row *row,
		struct escalation_step *ret)
{
	const struct escalation_facts facts = {
		.status = row->status,
		.acknowledged = row->acknowledged,
		.held = row->held,
		.level = row->level,
		.paged_level = row->paged_level,
		.failed = row->failed,
		.needed = row->attention,
		.chain = row->chain,
		.update = row->update,
	};

	escalation_next(evaluation->policy, &facts, evaluation->now, ret);
}

/* Do all that is to be done for one incident now. */
static int do_steps(struct evaluation *evaluation, struct escalation_row *row, struct err *err)
{
	struct escalation_step step;
	int done = 0;

	for (next_step(evaluation, row, &step);
			step.action != ESCALATION_NOTHING && done < STEPS_MAX;
			next_step(evaluation, row, &step)) {
		if (turn_write(&evaluation->escalate->ground->turn, err) < 0 ||
				do_step(evaluation, row, &step, err) < 0) {
			return -1;
		}
		done++;
	}
	return done ? escalations_put(evaluation->escalate->ground->db, row, err) : 0;
}

/* Events */

static bool is_on(const struct evaluation *evaluation)
{
	return evaluation->policy->levels_len > 0;
}

int escalator_fires(struct escalate_room *escalate, const struct incident_facts *incident,
		struct err *err)
{
	CLEANUP(cleanup_arena) struct arena *arena = arena_new();
	struct evaluation evaluation = evaluation_begin(escalate, arena);
	struct escalation_row fresh = { .incident_id = incident->id,
		.times_opened = incident->times_opened };
	struct escalation_row *row = NULL;

	if (!is_on(&evaluation)) {
		return 0;
	}
	if (evaluation_row(&evaluation, incident->id, &row, err) < 0) {
		return -1;
	}
	row = row ? row : &fresh;
	row->ended_at = 0;
	row->chain = escalation_begin(
			evaluation.policy, incident->level, row->paged_level, evaluation.now);
	escalate->look = true;
	escalate->correlate |= row->paged_level != 0;
	return escalations_put(escalate->ground->db, row, err);
}

int escalator_needed(struct escalate_room *escalate, int64_t incident_id, struct err *err)
{
	CLEANUP(cleanup_arena) struct arena *arena = arena_new();
	struct evaluation evaluation = evaluation_begin(escalate, arena);
	struct escalation_row *row = NULL;

	if (evaluation_row(&evaluation, incident_id, &row, err) < 0) {
		return -1;
	}
	if (!row || row->ended_at || (row->paged_level && row->chain.due_at)) {
		return 0;
	}
	row->chain = row->paged_level ? escalation_begin(evaluation.policy, row->level,
							row->paged_level, evaluation.now)
				      : (struct escalation_timer){ evaluation.now, 0 };
	escalate->look = true;
	return escalations_put(escalate->ground->db, row, err);
}

int escalator_failed(struct escalate_room *escalate, int64_t incident_id, const char *why,
		struct err *err)
{
	escalate->look = true;
	return escalations_failed(escalate->ground->db, incident_id, why, err);
}

int escalator_over(struct escalate_room *escalate, int64_t incident_id, struct err *err)
{
	CLEANUP(cleanup_arena) struct arena *arena = arena_new();
	struct evaluation evaluation = evaluation_begin(escalate, arena);
	struct escalation_row *row = NULL;

	if (escalations_touch(escalate->ground->db, incident_id, evaluation.now, err) < 0 ||
			evaluation_row(&evaluation, incident_id, &row, err) < 0) {
		return -1;
	}
	escalate->look = true;
	return row ? do_steps(&evaluation, row, err) : 0;
}

int escalator_held(struct escalate_room *escalate, int64_t incident_id, struct err *err)
{
	CLEANUP(cleanup_arena) struct arena *arena = arena_new();
	struct evaluation evaluation = evaluation_begin(escalate, arena);
	struct escalation_row *row = NULL;

	if (evaluation_row(&evaluation, incident_id, &row, err) < 0) {
		return -1;
	}
	return row ? do_steps(&evaluation, row, err) : 0;
}

int escalator_lifted(struct escalate_room *escalate, int64_t incident_id, struct err *err)
{
	CLEANUP(cleanup_arena) struct arena *arena = arena_new();
	struct evaluation evaluation = evaluation_begin(escalate, arena);
	struct escalation_row *row = NULL;

	if (evaluation_row(&evaluation, incident_id, &row, err) < 0) {
		return -1;
	}
	if (!row || row->ended_at || !is_on(&evaluation)) {
		return 0;
	}
	row->chain = escalation_begin(
			evaluation.policy, row->level, row->paged_level, evaluation.now);
	row->update = escalation_begin_updates(evaluation.policy, row->paged_level, evaluation.now);
	escalate->look = true;
	escalate->correlate |= row->paged_level != 0;
	return escalations_put(escalate->ground->db, row, err);
}

int escalator_joined(struct escalate_room *escalate, int64_t incident_id, const char *what,
		const char *why, struct err *err)
{
	CLEANUP(cleanup_arena) struct arena *arena = arena_new();
	struct evaluation evaluation = evaluation_begin(escalate, arena);
	struct escalation_row *row = NULL;

	if (!is_on(&evaluation)) {
		return 0;
	}
	if (evaluation_row(&evaluation, incident_id, &row, err) < 0) {
		return -1;
	}
	if (!row || row->ended_at || !row->acknowledged || row->status > INCIDENT_MITIGATED) {
		return 0;
	}
	return paging_news(&evaluation, row, what, why, err);
}

int escalator_config_new(struct escalate_room *escalate, struct err *err)
{
	const struct escalation *policy = &configs_now(&escalate->ground->configs)->escalation;
	int64_t holds[ESCALATION_LEVELS + 1];

	escalate->look = true;
	escalate->correlate = true;
	if (!policy->levels_len) {
		return 0;
	}
	for (uint8_t level = 0; level <= ESCALATION_LEVELS; level++) {
		holds[level] = escalation_hold_ms(policy, level);
	}
	return turn_write(&escalate->ground->turn, err) < 0
			       ? -1
			       : escalations_adopt(escalate->ground->db,
						 escalate->ground->turn.wall_ms, holds, err);
}

/* The chain that an operator continues; an incident from before there was a policy has none. */
static int chain_of(struct evaluation *evaluation, int64_t incident_id,
		struct escalation_row *fresh, struct escalation_row **ret, struct err *err)
{
	struct incident_facts incident;

	if (evaluation_row(evaluation, incident_id, ret, err) < 0) {
		return -1;
	}
	if (*ret) {
		return 0;
	}
	if (incidents_facts(evaluation->escalate->ground->db, incident_id, &incident, err) < 0) {
		return -1;
	}
	*fresh = (struct escalation_row){ .incident_id = incident_id,
		.times_opened = incident.times_opened };
	*ret = fresh;
	return 0;
}

int escalator_raise(struct escalate_room *escalate, int64_t incident_id,
		const struct paging *paging, struct err *err)
{
	CLEANUP(cleanup_arena) struct arena *arena = arena_new();
	struct evaluation evaluation = evaluation_begin(escalate, arena);
	struct escalation_row fresh;
	struct escalation_row *row;
	struct escalation_step step = { 0 };

	if (chain_of(&evaluation, incident_id, &fresh, &row, err) < 0) {
		return -1;
	}
	escalation_paged(evaluation.policy, paging->level, &row->update, evaluation.now, &step);
	row->chain = step.chain;
	row->update = step.update;
	escalate->look = true;
	return paging_level(&evaluation, row, paging, TEMPLATE_ESCALATION, err) < 0
			       ? -1
			       : escalations_put(escalate->ground->db, row, err);
}

/* What is due */

struct due {
	struct evaluation *evaluation;
	struct escalation_row **rows;
	size_t len, cap;
};

static void on_due(const struct escalation_row *row, void *arg)
{
	struct due *due = arg;
	void *items = due->rows;
	struct escalation_row **slot = mem_push(&items, due->len, &due->cap, sizeof(*slot));

	due->rows = items;
	due->rows[due->len++] = evaluation_copy(due->evaluation, row);
}

/*
 * All that is due, a batch a turn; any: also what is not, since the clock was set back and it would
 * be due too late.
 */
static int do_due(struct evaluation *evaluation, bool any, struct err *err)
{
	struct due due = { .evaluation = evaluation };
	int rc = escalations_due(evaluation->escalate->ground->db,
			any ? INT64_MAX : evaluation->now, any ? INT64_MAX : BATCH, on_due, &due,
			err);

	for (size_t i = 0; rc == 0 && i < due.len; i++) {
		rc = do_steps(evaluation, due.rows[i], err);
	}
	free(due.rows);
	evaluation->escalate->look = !any && due.len == BATCH;
	return rc;
}

static int look(struct evaluation *evaluation, bool any, struct err *err)
{
	struct escalate_room *escalate = evaluation->escalate;

	if (do_due(evaluation, any, err) < 0) {
		return -1;
	}
	if (escalate->correlate) {
		escalate->correlate = false;
		if (correlation_apply(evaluation, err) < 0) {
			return -1;
		}
	}
	return escalations_next(
			evaluation->escalate->ground->db, evaluation->now, &escalate->next_at, err);
}

/* When it has to be asked again. */
static void plan_next(const struct escalate_room *escalate, struct deadline *next)
{
	int64_t wait = escalate->next_at - escalate->ground->turn.wall_ms;

	if (escalate->look || escalate->correlate) {
		deadline_by(next, escalate->ground->turn.mono_ms);
	} else if (escalate->next_at) {
		deadline_by(next, escalate->ground->turn.mono_ms +
						  (wait < LOOK_MAX_MS ? wait : LOOK_MAX_MS));
	}
}

int escalator_tick(struct escalate_room *escalate, struct deadline *next, struct err *err)
{
	CLEANUP(cleanup_arena) struct arena *arena = NULL;
	int64_t now = escalate->ground->turn.wall_ms;
	bool any = now < escalate->seen || !escalate->seen;
	bool due = escalate->next_at && escalate->next_at <= now;
	struct evaluation evaluation;

	escalate->seen = now;
	if (any || due || escalate->look || escalate->correlate) {
		arena = arena_new();
		evaluation = evaluation_begin(escalate, arena);
		if (look(&evaluation, any, err) < 0) {
			return -1;
		}
	}
	plan_next(escalate, next);
	return 0;
}
