#include "core/run/answers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/core.h"
#include "core/escalate/escalator.h"
#include "core/run/recovery.h"
#include "domain/approval.h"
#include "store/approvals.h"
#include "store/incidents.h"
#include "store/steps.h"
#include "store/timeline.h"

#define LOOK_MAX_MS 30000 /* the wall clock may be set while we wait */

/* Questions out of the store, copied. */
struct questions {
	struct arena *arena;
	struct approval_row *items;
	size_t len;
	size_t cap;
};

static void copy_row(const struct approval_row *row, void *arg)
{
	struct questions *questions = arg;
	struct arena *arena = questions->arena;
	void *items = questions->items;
	struct approval_row *copy =
			mem_push(&items, questions->len, &questions->cap, sizeof(*copy));

	questions->items = items;
	questions->len++;
	*copy = *row;
	copy->name = arena_strdup(arena, row->name);
	copy->message = arena_strdup(arena, row->message);
	copy->not_by = arena_strdup(arena, row->not_by);
	copy->decided_by = arena_strdup(arena, row->decided_by);
	copy->reason = arena_strdup(arena, row->reason);
}

static void questions_clear(struct questions *questions)
{
	free(questions->items);
	arena_free(questions->arena);
}

#define AUTO_QUESTIONS(name) \
	CLEANUP(questions_clear) struct questions name = { .arena = arena_new() }

void approvals_attention(int64_t run_id, const char *playbook, const char *step, char *text)
{
	snprintf(text, RUN_REASON_MAX, "run %" PRId64 " (%s) waits for approval: %s", run_id,
			playbook, step);
}

/* Asking. */

static int work_of(const struct config *config, const struct playbook *playbook,
		const struct labels *params, uint8_t ret_work[DIGEST_SIZE], struct err *err)
{
	const struct approval_subject subject = { playbook, params, config->checks,
		config->checks_len };

	return approval_work(&subject, ret_work, err);
}

static int add_step(struct core *core, const struct approval_question *question, int64_t now,
		struct err *err)
{
	const struct step_row row = { .run_id = question->run_id,
		.step = question->step,
		.attempt = 1,
		.phase = phase_names[PHASE_STEPS],
		.kind = step_kind_names[STEP_APPROVE],
		.name = question->playbook->steps[question->step].name,
		.argv = "[]",
		.status = STEP_WAITING,
		.started_at = now };

	return steps_add(core->db, &row, err);
}

static int add_question(struct core *core, const struct approval_question *question,
		const char *message, int64_t now, struct err *err)
{
	const struct step *step = &question->playbook->steps[question->step];
	bool by_hand = !strcmp(question->trigger, "manual") || !strcmp(question->trigger, "replay");
	struct approval_row row = {
		.binding = { .run = (uint64_t)question->run_id,
				.step = question->step,
				.expires_at = now + step->within_ms },
		.name = step->name,
		.message = message,
		.asked_at = now,
		.not_by = step->four_eyes && by_hand ? question->requested_by : NULL,
	};

	memcpy(row.binding.config_hash, question->config->hash, DIGEST_SIZE);
	if (work_of(question->config, question->playbook, question->params, row.binding.work, err) <
			0) {
		return -1;
	}
	approval_digest(&row.binding, row.digest);
	return approvals_add(core->db, &row, err);
}

int approvals_ask(struct core *core, const struct approval_question *question, struct err *err)
{
	const struct step *step = &question->playbook->steps[question->step];
	int64_t now = clock_wall_ms();
	auto_buf struct buf message = { 0 };
	char text[RUN_REASON_MAX];

	if (step->message && params_expand(step->message, question->params, &message, err) < 0) {
		return -1;
	}
	if (add_step(core, question, now, err) < 0 ||
			add_question(core, question, step->message ? buf_text(&message) : NULL, now,
					err) < 0) {
		return -1;
	}
	core->approvals = (struct approvals){ 0 };
	if (!question->incident_id) {
		return 0;
	}
	approvals_attention(question->run_id, question->playbook->name, step->name, text);

	const struct timeline_row row = { .incident_id = question->incident_id,
		.at = now,
		.kind = TIMELINE_ASKED,
		.text = text,
		.run_id = question->run_id };

	if (timeline_add(core->db, &row, err) < 0) {
		return -1;
	}
	return incidents_attention(core->db, question->incident_id, text, err) < 0
			       ? -1
			       : escalator_needed(core, question->incident_id, err);
}

/* Ending. */

struct taking_up {
	struct core *core;
	struct active *active;
	bool failed;
	struct err *err;
};

static void take_up(const struct run_row *row, void *arg)
{
	struct taking_up *taking = arg;

	if (!run_status_final(row->status)) {
		taking->active = runner_add(
				taking->core, row, taking->core->generations, taking->err);
		taking->failed = !taking->active;
	}
}

/* The run that waits, into the runner, which is to end it; NULL when it is over. */
static int take_run(struct core *core, uint64_t run_id, struct active **ret, struct err *err)
{
	struct taking_up taking = { .core = core, .err = err };

	if (runs_get(core->db, (int64_t)run_id, take_up, &taking, err) < 0 || taking.failed) {
		return -1;
	}
	*ret = taking.active;
	return 0;
}

/* The approve step ends with its question. */
static int end_step(struct core *core, const struct approval_row *row, enum step_status status,
		const char *reason, struct err *err)
{
	const struct step_row step = { .run_id = (int64_t)row->binding.run,
		.step = row->binding.step,
		.attempt = 1,
		.status = (uint8_t)status,
		.reason = reason,
		.exit_code = -1,
		.finished_at = clock_wall_ms() };

	return steps_ended(core->db, &step, err);
}

/* The answer is no, and it is written down: the run ends. */
static int refuse_run(
		struct core *core, const struct approval_row *row, const char *why, struct err *err)
{
	struct active *active = NULL;
	char reason[RUN_REASON_MAX];

	if (take_run(core, row->binding.run, &active, err) < 0 ||
			end_step(core, row, STEP_FAILED, why, err) < 0) {
		return -1;
	}
	snprintf(reason, sizeof(reason), "%s: %s", row->name, why);
	return active ? runner_reject(core, active, reason, err) : 0;
}

static int end_question(struct core *core, const struct approval_row *row,
		enum approval_decision decision, const char *why, struct err *err)
{
	const struct approval_answer answer = { .run_id = (int64_t)row->binding.run,
		.decision = (uint8_t)decision,
		.reason = why,
		.now = clock_wall_ms() };
	bool taken;

	if (turn_write(&core->turn, err) < 0 ||
			approvals_decide(core->db, &answer, &taken, err) < 0) {
		return -1;
	}
	return taken ? refuse_run(core, row, why, err) : 0;
}

static int expire(struct core *core, const struct approval_row *row, struct err *err)
{
	char why[RUN_REASON_MAX];
	char within[CLOCK_TEXT_MAX];

	snprintf(why, sizeof(why), "nobody approved it within %s",
			duration_format(row->binding.expires_at - row->asked_at, within));
	return end_question(core, row, APPROVAL_EXPIRED, why, err);
}

/* The clock was set back behind the question: it stays open for its own time from now at most. */
static int pull_in(struct core *core, struct approval_row *row, int64_t now, struct err *err)
{
	int64_t within = row->binding.expires_at - row->asked_at;

	row->asked_at = now;
	row->binding.expires_at = now + within;
	approval_digest(&row->binding, row->digest);
	if (turn_write(&core->turn, err) < 0) {
		return -1;
	}
	return approvals_rebind(core->db, row, err);
}

/* Look at all that is open. */
int approvals_look(struct core *core, struct err *err)
{
	AUTO_QUESTIONS(open);
	int64_t now = clock_wall_ms();
	int64_t wait = LOOK_MAX_MS;
	size_t left = 0;

	if (approvals_pending(core->db, copy_row, &open, err) < 0) {
		return -1;
	}
	for (size_t i = 0; i < open.len; i++) {
		struct approval_row *row = &open.items[i];

		if (row->asked_at > now && pull_in(core, row, now, err) < 0) {
			return -1;
		}
		if (row->binding.expires_at <= now) {
			if (expire(core, row, err) < 0) {
				return -1;
			}
			continue;
		}
		left++;
		wait = row->binding.expires_at - now < wait ? row->binding.expires_at - now : wait;
	}
	core->approvals.look_ms = clock_mono_ms() + wait;
	core->approvals.none = left == 0;
	return 0;
}

int64_t approvals_tick(struct core *core, struct err *err)
{
	const struct approvals *approvals = &core->approvals;

	if (!approvals->none && approvals->look_ms <= clock_mono_ms() &&
			approvals_look(core, err) < 0) {
		return -2;
	}
	return approvals->none ? -1 : approvals->look_ms - clock_mono_ms();
}

int approvals_drop(struct core *core, const struct active *active, struct err *err)
{
	const struct approval_answer answer = { .run_id = active->run_id,
		.decision = APPROVAL_CANCELED,
		.reason = active->cancel,
		.now = clock_wall_ms() };
	bool taken;

	return approvals_decide(core->db, &answer, &taken, err);
}

/* The question that was just answered. */
static int last_question(struct core *core, int64_t run_id, struct questions *ret, struct err *err)
{
	int rc = approvals_last(core->db, run_id, copy_row, ret, err);

	if (rc == 0) {
		err_set(err, ERR_BUG, "run %" PRId64 " asked nobody", run_id);
	}
	return rc == 1 ? 0 : -1;
}

int approvals_refuse(struct core *core, int64_t run_id, const char *why, struct err *err)
{
	AUTO_QUESTIONS(last);

	if (last_question(core, run_id, &last, err) < 0) {
		return -1;
	}
	return refuse_run(core, last.items, why, err);
}

/* Going on. */

struct naming {
	struct arena *arena;
	const char *playbook;
	int64_t incident_id;
};

static void take_name(const struct run_row *row, void *arg)
{
	struct naming *naming = arg;

	naming->playbook = arena_strdup(naming->arena, row->playbook);
	naming->incident_id = row->incident_id;
}

int approvals_grant(struct core *core, int64_t run_id, const char *why, struct err *err)
{
	AUTO_QUESTIONS(last);
	struct naming naming = { .arena = last.arena, .playbook = "" };
	const struct run_cursor queued = { .status = RUN_QUEUED };
	char text[RUN_REASON_MAX];

	if (last_question(core, run_id, &last, err) < 0 ||
			runs_get(core->db, run_id, take_name, &naming, err) < 0) {
		return -1;
	}
	if (end_step(core, last.items, STEP_SUCCEEDED, why, err) < 0 ||
			runs_move(core->db, run_id, &queued, clock_wall_ms(), err) < 0) {
		return -1;
	}
	core->runner.queue_waits = true;
	if (!naming.incident_id) {
		return 0;
	}

	const struct timeline_row row = { .incident_id = naming.incident_id,
		.at = clock_wall_ms(),
		.kind = TIMELINE_APPROVED,
		.who = last.items[0].decided_by,
		.text = why,
		.run_id = run_id };

	if (timeline_add(core->db, &row, err) < 0) {
		return -1;
	}
	approvals_attention(run_id, naming.playbook, last.items[0].name, text);
	return incidents_attention_over(core->db, naming.incident_id, text, err);
}

/* Would config do the same for the run as was asked about? */
static bool is_same_work(const struct config *config, const char *playbook_name,
		const struct labels *params, const struct approval_row *row)
{
	const struct playbook *playbook = config_playbook(config, playbook_name);
	uint8_t work[DIGEST_SIZE];
	struct err err;

	return playbook && playbook_params_check(playbook, params, &err) == 0 &&
	       work_of(config, playbook, params, work, &err) == 0 &&
	       digest_equal(work, row->binding.work);
}

static int rebind(struct core *core, struct approval_row *row, struct err *err)
{
	const uint8_t *hash = core_config(core)->hash;

	memcpy(row->binding.config_hash, hash, DIGEST_SIZE);
	approval_digest(&row->binding, row->digest);
	if (approvals_rebind(core->db, row, err) < 0) {
		return -1;
	}
	return runs_follow(core->db, (int64_t)row->binding.run, hash, err);
}

static int follow(struct core *core, struct questions *open, struct approval_row *row,
		struct err *err)
{
	struct naming naming = { .arena = open->arena, .playbook = "" };
	int64_t run_id = (int64_t)row->binding.run;
	struct labels params;

	if (runs_get(core->db, run_id, take_name, &naming, err) < 0 ||
			runs_params(core->db, run_id, open->arena, &params, err) < 0 ||
			turn_write(&core->turn, err) < 0) {
		return -1;
	}
	if (is_same_work(core_config(core), naming.playbook, &params, row)) {
		return rebind(core, row, err);
	}
	return end_question(core, row, APPROVAL_VOID,
			"the configuration was changed, and with it what would be done", err);
}

int approvals_follow(struct core *core, struct err *err)
{
	AUTO_QUESTIONS(open);
	const uint8_t *hash = core_config(core)->hash;

	if (approvals_pending(core->db, copy_row, &open, err) < 0) {
		return -1;
	}
	for (size_t i = 0; i < open.len; i++) {
		struct approval_row *row = &open.items[i];

		if (memcmp(row->binding.config_hash, hash, DIGEST_SIZE) != 0 &&
				follow(core, &open, row, err) < 0) {
			return -1;
		}
	}
	return 0;
}

static int too_late(struct core *core, struct active *active, const struct approval_row *row,
		const char *why, struct err *err)
{
	char reason[RUN_REASON_MAX];
	char when[CLOCK_TEXT_MAX];

	snprintf(reason, sizeof(reason), "%.100s: approved by %.60s at %s, but %s", row->name,
			row->decided_by ? row->decided_by : "", clock_format(row->decided_at, when),
			why);
	return runner_reject(core, active, reason, err);
}

int approvals_resume(struct core *core, struct active *active, bool *ret_asked, struct err *err)
{
	AUTO_QUESTIONS(last);
	int rc = approvals_last(core->db, active->run_id, copy_row, &last, err);
	const struct approval_row *row = last.items;

	*ret_asked = rc != 0;
	if (rc != 1) {
		return rc;
	}
	if (row->decision != APPROVAL_APPROVED) {
		return runner_reject(core, active, "it came into the queue, but nobody approved it",
				err);
	}
	if (!is_same_work(active->generation->config, active->playbook_name, &active->params,
			    row)) {
		return too_late(core, active, row,
				"the configuration was changed since, and with it what would be "
				"done",
				err);
	}
	if (row->binding.expires_at <= clock_wall_ms()) {
		return too_late(core, active, row, "it could not go on before that expired", err);
	}
	if (runs_follow(core->db, active->run_id, active->generation->config->hash, err) < 0 ||
			recovery_cursor(core, active, err) < 0) {
		return -1;
	}
	return runner_event(core, active, RUN_EV_APPROVED, "", err);
}

int approvals_prove(struct core *core, const struct active *active, struct msg_start *msg,
		struct err *err)
{
	AUTO_QUESTIONS(found);
	const struct approval_row *row;
	int rc;

	if (active_step(active)->phase != PHASE_STEPS ||
			approval_before(active->playbook, active->cursor.step) < 0) {
		return 0;
	}
	rc = approvals_behind(core->db, active->run_id, active->cursor.step, copy_row, &found, err);
	if (rc != 1) {
		return rc;
	}
	row = found.items;
	msg->approval.given = row->sealed;
	msg->approval.step = row->binding.step;
	msg->approval.expires_at = row->binding.expires_at;
	memcpy(msg->approval.config_hash, row->binding.config_hash, DIGEST_SIZE);
	memcpy(msg->approval.seal, row->seal, DIGEST_SIZE);
	return 0;
}
