/* SPDX-License-Identifier: Apache-2.0 */
#include "core/run/answers.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "core/run/question.h"
#include "core/run/run_incidents.h"
#include "core/run/runner.h"
#include "domain/approval.h"
#include "store/incidents.h"
#include "store/runs.h"
#include "store/steps.h"
#include "store/timeline.h"

#define LOOK_MAX_MS 30000 /* the wall clock may be set while we wait */

struct taking_up {
	struct run_room *run;
	struct active *active;
	bool failed;
	struct err *err;
};

static void on_up(const struct run_row *row, void *arg)
{
	struct taking_up *taking = arg;

	if (!run_status_final(row->status)) {
		taking->active = active_add(
				taking->run, row, taking->run->ground->configs.newest, taking->err);
		taking->failed = !taking->active;
	}
}

/* The run that waits becomes active, so that it can end; NULL when it is over. */
static int take_run(struct run_room *run, uint64_t run_id, struct active **ret, struct err *err)
{
	struct taking_up taking = { .run = run, .err = err };

	if (runs_get(run->ground->db, (int64_t)run_id, on_up, &taking, err) < 0 || taking.failed) {
		return -1;
	}
	*ret = taking.active;
	return 0;
}

/* The approve step ends with its question. */
static int end_step(struct run_room *run, const struct approval_row *row, enum step_status status,
		const char *reason, struct err *err)
{
	const struct step_row step = { .run_id = (int64_t)row->binding.run,
		.step = row->binding.step,
		.attempt = 1,
		.status = (uint8_t)status,
		.reason = reason,
		.exit_code = -1,
		.finished_at = run->ground->turn.wall_ms };

	return steps_ended(run->ground->db, &step, err);
}

/* The answer is no, and it is written down: the run ends. */
static int refuse_run(struct run_room *run, const struct approval_row *row, const char *why,
		struct err *err)
{
	struct active *active = NULL;
	char reason[RUN_REASON_MAX];

	if (take_run(run, row->binding.run, &active, err) < 0 ||
			end_step(run, row, STEP_FAILED, why, err) < 0) {
		return -1;
	}
	snprintf(reason, sizeof(reason), "%s: %s", row->name, why);
	return active ? runner_reject(run, active, reason, err) : 0;
}

static int end_question(struct run_room *run, const struct approval_row *row,
		enum approval_decision decision, const char *why, struct err *err)
{
	const struct approval_answer answer = { .run_id = (int64_t)row->binding.run,
		.decision = (uint8_t)decision,
		.reason = why,
		.now = run->ground->turn.wall_ms };
	bool taken;

	if (turn_write(&run->ground->turn, err) < 0 ||
			approvals_decide(run->ground->db, &answer, &taken, err) < 0) {
		return -1;
	}
	return taken ? refuse_run(run, row, why, err) : 0;
}

static int expire(struct run_room *run, const struct approval_row *row, struct err *err)
{
	char why[RUN_REASON_MAX];
	char within[CLOCK_TEXT_MAX];

	snprintf(why, sizeof(why), "nobody approved it within %s",
			duration_format(row->binding.expires_at - row->asked_at, within));
	return end_question(run, row, APPROVAL_EXPIRED, why, err);
}

/* The clock was set back behind the question: it stays open for its own time from now at most. */
static int pull_in(struct run_room *run, struct approval_row *row, int64_t now, struct err *err)
{
	int64_t within = row->binding.expires_at - row->asked_at;

	row->asked_at = now;
	row->binding.expires_at = now + within;
	approval_digest(&row->binding, row->digest);
	if (turn_write(&run->ground->turn, err) < 0) {
		return -1;
	}
	return approvals_rebind(run->ground->db, row, err);
}

/* Look at all that is open. */
int answers_look(struct run_room *run, struct err *err)
{
	AUTO_QUESTIONS(open);
	int64_t now = run->ground->turn.wall_ms;
	int64_t wait = LOOK_MAX_MS;
	size_t left = 0;

	if (approvals_pending(run->ground->db, question_on_row, &open, err) < 0) {
		return -1;
	}
	for (size_t i = 0; i < open.len; i++) {
		struct approval_row *row = &open.items[i];

		if (row->asked_at > now && pull_in(run, row, now, err) < 0) {
			return -1;
		}
		if (row->binding.expires_at <= now) {
			if (expire(run, row, err) < 0) {
				return -1;
			}
			continue;
		}
		left++;
		wait = row->binding.expires_at - now < wait ? row->binding.expires_at - now : wait;
	}
	run->questions.look_ms = run->ground->turn.mono_ms + wait;
	run->questions.none = left == 0;
	return 0;
}

int answers_expire(struct run_room *run, struct err *err)
{
	const struct open_questions *questions = &run->questions;

	if (questions->none || questions->look_ms > run->ground->turn.mono_ms) {
		return 0;
	}
	return answers_look(run, err);
}

/* The question that was just answered. */
static int last_question(
		struct run_room *run, int64_t run_id, struct questions *ret, struct err *err)
{
	int rc = approvals_last(run->ground->db, run_id, question_on_row, ret, err);

	if (rc == 0) {
		err_set(err, ERR_BUG, "run %" PRId64 " has no question", run_id);
	}
	return rc == 1 ? 0 : -1;
}

int answers_refuse(struct run_room *run, int64_t run_id, const char *why, struct err *err)
{
	AUTO_QUESTIONS(last);

	if (last_question(run, run_id, &last, err) < 0) {
		return -1;
	}
	return refuse_run(run, last.items, why, err);
}

/* Going on. */

struct naming {
	struct arena *arena;
	const char *playbook;
	int64_t incident_id;
};

static void on_name(const struct run_row *row, void *arg)
{
	struct naming *naming = arg;

	naming->playbook = arena_strdup(naming->arena, row->playbook);
	naming->incident_id = row->incident_id;
}

int answers_grant(struct run_room *run, int64_t run_id, const char *why, struct err *err)
{
	AUTO_QUESTIONS(last);
	AUTO_RUN_INCIDENTS(incidents);
	struct naming naming = { .arena = last.arena, .playbook = "" };
	const struct run_cursor queued = { .status = RUN_QUEUED };
	char text[RUN_REASON_MAX];

	if (last_question(run, run_id, &last, err) < 0 ||
			runs_get(run->ground->db, run_id, on_name, &naming, err) < 0) {
		return -1;
	}
	if (end_step(run, last.items, STEP_SUCCEEDED, why, err) < 0 ||
			runs_move(run->ground->db, run_id, RUN_AWAITING_APPROVAL, &queued,
					run->ground->turn.wall_ms, err) < 0) {
		return -1;
	}
	run->queue_waits = true;
	question_attention(run_id, naming.playbook, last.items[0].name, text);
	if (run_incidents_list(run->ground->db, run_id, naming.incident_id, &incidents, err) < 0) {
		return -1;
	}
	for (size_t i = 0; i < incidents.len; i++) {
		const struct timeline_row row = { .incident_id = incidents.items[i],
			.at = run->ground->turn.wall_ms,
			.kind = TIMELINE_APPROVED,
			.who = last.items[0].decided_by,
			.text = why,
			.run_id = run_id };

		if (timeline_add(run->ground->db, &row, err) < 0 ||
				incidents_attention_over(
						run->ground->db, row.incident_id, text, err) < 0) {
			return -1;
		}
	}
	return 0;
}

static int rebind(struct run_room *run, struct approval_row *row, struct err *err)
{
	const uint8_t *hash = configs_now(&run->ground->configs)->hash;

	memcpy(row->binding.config_hash, hash, DIGEST_SIZE);
	approval_digest(&row->binding, row->digest);
	if (approvals_rebind(run->ground->db, row, err) < 0) {
		return -1;
	}
	return runs_follow(run->ground->db, (int64_t)row->binding.run, hash, err);
}

static int follow(struct run_room *run, struct questions *open, struct approval_row *row,
		struct err *err)
{
	struct naming naming = { .arena = open->arena, .playbook = "" };
	int64_t run_id = (int64_t)row->binding.run;
	struct labels params;

	if (runs_get(run->ground->db, run_id, on_name, &naming, err) < 0 ||
			runs_params(run->ground->db, run_id, open->arena, &params, err) < 0 ||
			turn_write(&run->ground->turn, err) < 0) {
		return -1;
	}
	if (question_same_work(configs_now(&run->ground->configs), naming.playbook, &params, row)) {
		return rebind(run, row, err);
	}
	return end_question(run, row, APPROVAL_VOID,
			"the configuration changed, and so did what the run would execute", err);
}

int answers_follow(struct run_room *run, struct err *err)
{
	AUTO_QUESTIONS(open);
	const uint8_t *hash = configs_now(&run->ground->configs)->hash;

	if (approvals_pending(run->ground->db, question_on_row, &open, err) < 0) {
		return -1;
	}
	for (size_t i = 0; i < open.len; i++) {
		struct approval_row *row = &open.items[i];

		if (memcmp(row->binding.config_hash, hash, DIGEST_SIZE) != 0 &&
				follow(run, &open, row, err) < 0) {
			return -1;
		}
	}
	return 0;
}
