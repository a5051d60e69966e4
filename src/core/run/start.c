/* SPDX-License-Identifier: Apache-2.0 */
#include "core/run/start.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/jsonw.h"
#include "core/notify/outbox.h"
#include "core/run/describe.h"
#include "core/run/question.h"
#include "core/state/probes.h"
#include "store/steps.h"

#define PROBE_MARGIN_MS 5000 /* egress is given up this long after a probe's own timeout */

/* argv of the step in hand as a JSON array, for operators to read. */
static void write_argv(const struct active *active, struct buf *out)
{
	struct jsonw w = jsonw_begin(out);

	describe_argv(&w, NULL, active->version->config, active_step(active), &active->params);
	jsonw_end(&w);
}

/* C2: the attempt is written down. A probe that goes on has its row already. */
static int write_attempt(struct run_room *run, struct active *active, enum step_status status,
		struct err *err)
{
	const struct step *step = active_step(active);
	struct step_row row = active_row(active);
	auto_buf struct buf argv = { 0 };
	auto_buf struct buf title = { 0 };

	row.status = (uint8_t)status;
	row.started_at = run->ground->turn.wall_ms;
	if (step->kind == STEP_CHECK && active->cursor.attempt > 1) {
		return steps_probe_again(run->ground->db, &row, err);
	}
	write_argv(active, &argv);
	row.phase = phase_names[step->phase];
	row.kind = step_kind_names[step->kind];
	row.name = step_title(step, &active->params, &title);
	row.argv = buf_text(&argv);
	return steps_add(run->ground->db, &row, err);
}

static int ask_executor(struct run_room *run, struct active *active, struct err *err)
{
	struct msg_start msg = {
		.id = active_attempt(active),
		.playbook = active->playbook_name,
		.params = active->params,
		.incident = (uint64_t)active->incident_id,
		.trigger = active->trigger,
		.alertname = active->alertname,
		.status = active->alert_status,
		.alert = { (const unsigned char *)active->alert, (uint32_t)strlen(active->alert) },
	};

	memcpy(msg.config_hash, active->version->config->hash, DIGEST_SIZE);
	if (question_prove(run, active, &msg, err) < 0) {
		return -1;
	}
	active->state = ACTIVE_ASKED;
	active->may_have_run = false;
	turn_send(&run->ground->turn, run->ground->links.control, MSG_START, &msg);
	return 0;
}

/* Nothing is waited for: that is the next event. */
static int end_at_once(struct start_result *start, enum run_event event, const char *detail)
{
	start->over = true;
	start->event = event;
	snprintf(start->detail, sizeof(start->detail), "%s", detail);
	return 0;
}

/* A URL that cannot be made was refused when the step began. */
void start_probe(struct run_room *run, struct active *active, const struct check *check)
{
	uint64_t id = probes_next_id(run->ground);
	auto_buf struct buf url = { 0 };
	struct err err;

	active->state = ACTIVE_PROBING;
	active->probe_id = id;
	active->due_ms = run->ground->turn.mono_ms + check->timeout_ms + PROBE_MARGIN_MS;
	if (check->kind != CHECK_HTTP || check_url(check, &active->params, &url, &err) == 0) {
		probes_ask(run->ground, id, check, buf_text(&url));
	}
}

static int start_check(struct run_room *run, struct active *active, struct start_result *start,
		struct err *err)
{
	const struct check *check = active_check(active);
	bool command = check && check->kind == CHECK_COMMAND;
	auto_buf struct buf url = { 0 };
	struct err wrong;

	if (write_attempt(run, active, command ? STEP_STARTING : STEP_WAITING, err) < 0) {
		return -1;
	}
	if (!check) {
		return end_at_once(start, RUN_EV_FAILED, "there is no check of that name");
	}
	if (check->kind == CHECK_HTTP && check_url(check, &active->params, &url, &wrong) < 0) {
		return end_at_once(start, RUN_EV_FAILED, wrong.msg);
	}
	if (command) {
		return ask_executor(run, active, err);
	}
	start_probe(run, active, check);
	return 0;
}

static int start_wait(struct run_room *run, struct active *active, struct err *err)
{
	active->state = ACTIVE_PAUSED;
	active->wait_step = true;
	active->due_ms = run->ground->turn.mono_ms + active_step(active)->wait_ms;
	return write_attempt(run, active, STEP_WAITING, err);
}

/* Its `when` does not hold, or (event RUN_EV_FAILED) nobody can say whether it does. */
static int pass_over(struct run_room *run, struct active *active, enum run_event event,
		const char *reason, struct start_result *start, struct err *err)
{
	struct step_row row = active_row(active);

	row.status = event == RUN_EV_SKIPPED ? STEP_SKIPPED : STEP_FAILED;
	row.reason = reason;
	row.finished_at = run->ground->turn.wall_ms;
	if (write_attempt(run, active, (enum step_status)row.status, err) < 0 ||
			steps_ended(run->ground->db, &row, err) < 0) {
		return -1;
	}
	return end_at_once(start, event, reason);
}

static void write_message(const struct active *active, struct buf *subject, struct buf *text)
{
	const struct step *step = active_step(active);
	struct err err;

	/* Both were checked with the configuration: every name in them is a param. */
	if (!step->subject || params_expand(step->subject, &active->params, subject, &err) < 0) {
		buf_addf(subject, "%s: %s", active->playbook_name, step->name);
	}
	params_expand(step->text, &active->params, text, &err);
}

/* Writes the notification into the outbox, and with that the step is done. */
static int start_notify(struct run_room *run, struct active *active, struct start_result *start,
		struct err *err)
{
	struct step_row row = active_row(active);
	auto_buf struct buf subject = { 0 };
	auto_buf struct buf text = { 0 };
	char key[64];

	snprintf(key, sizeof(key), "step/%" PRId64 "/%" PRIu32, active->run_id,
			active->cursor.step);
	write_message(active, &subject, &text);
	row.status = STEP_SUCCEEDED;
	row.finished_at = run->ground->turn.wall_ms;
	if (write_attempt(run, active, STEP_SUCCEEDED, err) < 0 ||
			steps_ended(run->ground->db, &row, err) < 0 ||
			outbox_add(run->notify,
					&(struct notice){ .incident_id = active->incident_id,
							.key = key,
							.receiver = active_step(active)->notify,
							.kind = "step",
							.subject = buf_text(&subject),
							.text = buf_text(&text) },
					err) < 0) {
		return -1;
	}
	return end_at_once(start, RUN_EV_OK, "");
}

int start_attempt(struct run_room *run, struct active *active, struct start_result *start,
		struct err *err)
{
	char reason[RUN_REASON_MAX];
	struct err unknown;
	bool holds;

	if (run_when(active->playbook, &active->cursor, &active->params, &holds, reason, &unknown) <
			0) {
		return pass_over(run, active, RUN_EV_FAILED, unknown.msg, start, err);
	}
	if (!holds) {
		return pass_over(run, active, RUN_EV_SKIPPED, reason, start, err);
	}
	switch (active_step(active)->kind) {
	case STEP_CHECK:
		return start_check(run, active, start, err);
	case STEP_WAIT:
		return start_wait(run, active, err);
	case STEP_APPROVE:
		return end_at_once(start, RUN_EV_ASK, "");
	case STEP_NOTIFY:
		return start_notify(run, active, start, err);
	default:
		break;
	}
	if (write_attempt(run, active, STEP_STARTING, err) < 0) {
		return -1;
	}
	return ask_executor(run, active, err);
}
