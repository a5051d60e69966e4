/* SPDX-License-Identifier: Apache-2.0 */
#include "core/run/question.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "core/escalate/escalator.h"
#include "core/run/run_incidents.h"
#include "domain/approval.h"
#include "store/incidents.h"
#include "store/runs.h"
#include "store/steps.h"
#include "store/timeline.h"

void question_on_row(const struct approval_row *row, void *arg)
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

void questions_clear(struct questions *questions)
{
	free(questions->items);
	arena_free(questions->arena);
}

void question_attention(int64_t run_id, const char *playbook, const char *step, char *text)
{
	snprintf(text, RUN_REASON_MAX, "run %" PRId64 " (%s) waits for approval: %s", run_id,
			playbook, step);
}

static int work_of(const struct config *config, const struct playbook *playbook,
		const struct labels *params, uint8_t ret_work[DIGEST_SIZE], struct err *err)
{
	const struct approval_subject subject = { playbook, params, config->checks,
		config->checks_len };

	return approval_work(&subject, ret_work, err);
}

static int add_step(
		struct run_room *run, const struct question *question, int64_t now, struct err *err)
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

	return steps_add(run->ground->db, &row, err);
}

static int add_question(struct run_room *run, const struct question *question, const char *message,
		int64_t now, struct err *err)
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
	return approvals_add(run->ground->db, &row, err);
}

/* The incident needs an operator, who answers. */
static int state_question(struct run_room *run, int64_t run_id, int64_t incident_id,
		const char *text, struct err *err)
{
	const struct timeline_row row = { .incident_id = incident_id,
		.at = run->ground->turn.wall_ms,
		.kind = TIMELINE_ASKED,
		.text = text,
		.run_id = run_id };

	if (timeline_add(run->ground->db, &row, err) < 0 ||
			incidents_attention(run->ground->db, incident_id, text, err) < 0) {
		return -1;
	}
	return escalator_needed(run->escalate, incident_id, err);
}

static int state_everywhere(struct run_room *run, const struct question *question, const char *text,
		struct err *err)
{
	AUTO_RUN_INCIDENTS(incidents);

	if (run_incidents_list(run->ground->db, question->run_id, question->incident_id, &incidents,
			    err) < 0) {
		return -1;
	}
	for (size_t i = 0; i < incidents.len; i++) {
		if (state_question(run, question->run_id, incidents.items[i], text, err) < 0) {
			return -1;
		}
	}
	return 0;
}

int question_ask(struct run_room *run, const struct question *question, struct err *err)
{
	const struct step *step = &question->playbook->steps[question->step];
	int64_t now = run->ground->turn.wall_ms;
	auto_buf struct buf message = { 0 };
	char text[RUN_REASON_MAX];

	if (step->message && params_expand(step->message, question->params, &message, err) < 0) {
		return -1;
	}
	if (add_step(run, question, now, err) < 0 ||
			add_question(run, question, step->message ? buf_text(&message) : NULL, now,
					err) < 0) {
		return -1;
	}
	run->questions = (struct open_questions){ 0 };
	question_attention(question->run_id, question->playbook->name, step->name, text);
	return state_everywhere(run, question, text, err);
}

struct joining {
	struct arena *arena;
	const char *playbook;
	bool waits;
};

static void on_joined(const struct run_row *row, void *arg)
{
	struct joining *joining = arg;

	joining->playbook = arena_strdup(joining->arena, row->playbook);
	joining->waits = row->status == RUN_AWAITING_APPROVAL;
}

int question_join(struct run_room *run, int64_t run_id, int64_t incident_id, struct err *err)
{
	AUTO_QUESTIONS(last);
	struct joining joining = { .arena = last.arena };
	char text[RUN_REASON_MAX];

	if (runs_get(run->ground->db, run_id, on_joined, &joining, err) < 0 ||
			approvals_last(run->ground->db, run_id, question_on_row, &last, err) < 0) {
		return -1;
	}
	if (!joining.waits || !last.len) {
		return 0;
	}
	question_attention(run_id, joining.playbook, last.items[0].name, text);
	return state_question(run, run_id, incident_id, text, err);
}

int question_drop(struct run_room *run, const struct active *active, struct err *err)
{
	const struct approval_answer answer = { .run_id = active->run_id,
		.decision = APPROVAL_CANCELED,
		.reason = active->cancel,
		.now = run->ground->turn.wall_ms };
	bool taken;

	return approvals_decide(run->ground->db, &answer, &taken, err);
}

/* Would the run execute under config what the question shows? */
bool question_same_work(const struct config *config, const char *playbook_name,
		const struct labels *params, const struct approval_row *row)
{
	const struct playbook *playbook = config_playbook(config, playbook_name);
	uint8_t work[DIGEST_SIZE];
	struct err err;

	return playbook && playbook_params_check(playbook, params, &err) == 0 &&
	       work_of(config, playbook, params, work, &err) == 0 &&
	       digest_equal(work, row->binding.work);
}

/* It was approved, but that does not count any more. */
static void too_late(const struct approval_row *row, const char *why, struct question_answer *ret)
{
	char when[CLOCK_TEXT_MAX];

	ret->state = QUESTION_VOID;
	snprintf(ret->reason, sizeof(ret->reason), "%.100s: approved by %.60s at %s, but %s",
			row->name, row->decided_by ? row->decided_by : "",
			clock_format(row->decided_at, when), why);
}

int question_answered(struct run_room *run, const struct active *active,
		struct question_answer *ret, struct err *err)
{
	AUTO_QUESTIONS(last);
	int rc = approvals_last(run->ground->db, active->run_id, question_on_row, &last, err);
	const struct approval_row *row = last.items;

	*ret = (struct question_answer){ .state = QUESTION_NONE };
	if (rc != 1) {
		return rc;
	}
	if (row->decision != APPROVAL_APPROVED) {
		ret->state = QUESTION_VOID;
		snprintf(ret->reason, sizeof(ret->reason), "it was queued without an approval");
	} else if (!question_same_work(active->version->config, active->playbook_name,
				   &active->params, row)) {
		too_late(row, "the configuration changed, and so did what the run would execute",
				ret);
	} else if (row->binding.expires_at <= run->ground->turn.wall_ms) {
		too_late(row, "the approval expired before its turn", ret);
	} else {
		ret->state = QUESTION_APPROVED;
	}
	return 0;
}

int question_prove(struct run_room *run, const struct active *active, struct msg_start *msg,
		struct err *err)
{
	AUTO_QUESTIONS(found);
	const struct approval_row *row;
	int rc;

	if (active_step(active)->phase != PHASE_STEPS ||
			approval_before(active->playbook, active->cursor.step) < 0) {
		return 0;
	}
	rc = approvals_behind(run->ground->db, active->run_id, active->cursor.step, question_on_row,
			&found, err);
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
