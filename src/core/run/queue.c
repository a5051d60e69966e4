/* SPDX-License-Identifier: Apache-2.0 */
#include "core/run/queue.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/run/cursor.h"
#include "core/run/question.h"
#include "core/run/result.h"
#include "core/run/runner.h"
#include "core/run/wanted.h"
#include "store/runs.h"

/* A run waits for another one of its target; for_id 0: it does so no more. */
struct turn_away {
	int64_t id;
	int64_t for_id;
};

/* Looks for the first run of the queue that may start. */
struct picking {
	struct run_room *run;
	struct err *err;
	struct active *active; /* the one that may; it is active now */
	bool failed;
	struct turn_away *away; /* whose reason has to change */
	size_t away_len;
	size_t away_cap;
};

/* It was queued before the interval began. It waits until that is over. */
static bool is_muted(struct run_room *run, const struct playbook *playbook)
{
	int64_t now = run->ground->turn.wall_ms;
	char reason[GUARD_REASON_MAX];

	if (guard_intervals(&playbook->guards,
			    clocks_at(&run->ground->clocks, configs_now(&run->ground->configs),
					    now),
			    reason)) {
		return false;
	}
	run->look_ms = run->ground->turn.mono_ms + clocks_wait(now);
	return true;
}

/* Counts the runs that have begun and wait for approval, or for their turn again: they keep their
 * lock, and their place among those of the playbook. */
static int64_t count_waiting(struct picking *picking, const struct run_row *row, bool *ret_locked)
{
	struct run_holding holding = { 0 };

	if (runs_holding(picking->run->ground->db, row, &holding, picking->err) < 0) {
		picking->failed = true;
	}
	*ret_locked = holding.lock > 0;
	return holding.playbook;
}

/* "waits for run 7, which does the same"; "" when for_id is 0. text has RUN_REASON_MAX. */
static const char *waits_for(int64_t for_id, char *text)
{
	text[0] = '\0';
	if (for_id) {
		snprintf(text, RUN_REASON_MAX, "waits for run %" PRId64 ", which does the same",
				for_id);
	}
	return text;
}

/* Two runs of one playbook and target never overlap, whoever asked for them. */
static bool waits_for_same(struct picking *picking, const struct run_row *row)
{
	struct run_facts same = { 0 };
	char text[RUN_REASON_MAX];

	if (row->started_at) {
		return false;
	}
	if (runs_under_way(picking->run->ground->db, row->target, &same, picking->err) < 0) {
		picking->failed = true;
		return true;
	}
	if (strcmp(row->reason, waits_for(same.id, text)) != 0) {
		void *items = picking->away;
		struct turn_away *slot = mem_push(
				&items, picking->away_len, &picking->away_cap, sizeof(*slot));

		picking->away = items;
		picking->away_len++;
		*slot = (struct turn_away){ row->id, same.id };
	}
	return same.id != 0;
}

/* Their reasons say now for which run they wait. */
static int write_reasons(struct picking *picking)
{
	char text[RUN_REASON_MAX];
	int rc = 0;

	for (size_t i = 0; i < picking->away_len && rc == 0; i++) {
		rc = runs_wait(picking->run->ground->db, picking->away[i].id,
				waits_for(picking->away[i].for_id, text), picking->err);
	}
	free(picking->away);
	return rc;
}

/* A run waits while playbookd is paused, its playbook is muted, another holds its lock, or as many
 * of its playbook go on as may. */
static bool may_start(struct picking *picking, const struct run_row *row)
{
	struct run_room *run = picking->run;
	const struct playbook *playbook =
			config_playbook(configs_now(&run->ground->configs), row->playbook);
	int64_t at_most = playbook ? playbook->guards.max_concurrent : 0;
	int64_t same = 0;
	bool locked = false;

	if (waits_for_same(picking, row)) {
		return false;
	}
	if (!row->override_guards && pause_is_on(run->ground)) {
		return false;
	}
	if (!row->override_guards && playbook && is_muted(run, playbook)) {
		return false;
	}
	if (row->lock || at_most) {
		same = count_waiting(picking, row, &locked);
	}
	if (locked || picking->failed) {
		return false;
	}
	for (size_t i = 0; i < run->len; i++) {
		const struct active *active = run->active[i];

		if (row->lock && active->lock && !strcmp(row->lock, active->lock)) {
			return false;
		}
		same += !strcmp(row->playbook, active->playbook_name);
	}
	return !at_most || same < at_most;
}

static bool pick(const struct run_row *row, void *arg)
{
	struct picking *picking = arg;

	if (!may_start(picking, row)) {
		return !picking->failed;
	}
	picking->active = active_add(
			picking->run, row, picking->run->ground->configs.newest, picking->err);
	picking->failed = !picking->active;
	if (picking->active) {
		picking->active->cursor.reason[0] = '\0'; /* why it waited */
	}
	return false;
}

/* The configuration changed while it waited in the queue, and it cannot follow the new one. */
static int outdated(struct run_room *run, struct active *active, const char *why, struct err *err)
{
	active->cursor.status = RUN_INTERRUPTED;
	snprintf(active->cursor.reason, sizeof(active->cursor.reason),
			"the configuration changed before it started: %.300s", why);
	return result_finish(run, active, err);
}

static int begin(struct run_room *run, struct active *active, struct err *err)
{
	struct question_answer answer;
	struct err wrong;
	bool over;

	if (wanted_at_start(run, active, &over, err) < 0) {
		return -1;
	}
	if (over) {
		return 0;
	}
	if (question_answered(run, active, &answer, err) < 0) {
		return -1;
	}
	if (answer.state == QUESTION_VOID) {
		return runner_reject(run, active, answer.reason, err);
	}
	if (answer.state == QUESTION_NONE && !active->playbook) {
		return outdated(run, active, "its playbook is gone", err);
	}
	if (answer.state == QUESTION_NONE &&
			playbook_params_check(active->playbook, &active->params, &wrong) < 0) {
		return outdated(run, active, wrong.msg, err);
	}
	if (runs_follow(run->ground->db, active->run_id, active->version->config->hash, err) < 0) {
		return -1;
	}
	if (answer.state == QUESTION_NONE) {
		return runner_event(run, active, active_first_event(active), "", err);
	}
	/* It goes on behind its approve step. */
	return cursor_restore(run, active, err) < 0
			       ? -1
			       : runner_event(run, active, RUN_EV_APPROVED, "", err);
}

int queue_start(struct run_room *run, struct err *err)
{
	int64_t max = configs_now(&run->ground->configs)->max_concurrent_runs;

	bool paused = pause_is_on(run->ground);

	if ((run->look_ms && run->look_ms <= run->ground->turn.mono_ms) ||
			(run->was_paused && !paused)) {
		run->look_ms = 0;
		run->queue_waits = true;
	}
	run->was_paused = paused;
	/* The queue waits for room on the disk; steps of what runs do not. */
	while (!run->storage->space.degraded && run->queue_waits && (int64_t)run->len < max) {
		struct picking picking = { .run = run, .err = err };

		run->look_ms = 0;
		if (turn_write(&run->ground->turn, err) < 0 ||
				runs_queued(run->ground->db, pick, &picking, err) < 0 ||
				write_reasons(&picking) < 0 || picking.failed) {
			return -1;
		}
		if (!picking.active) {
			run->queue_waits = false;
			return 0;
		}
		if (begin(run, picking.active, err) < 0) {
			return -1;
		}
	}
	return 0;
}
