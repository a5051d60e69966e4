#include "core/run/start.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/jsonw.h"
#include "core/core.h"
#include "core/run/answers.h"

#define PROBE_MARGIN_MS 5000 /* egress is given up this long after a probe's own timeout */

/* The check that a step names, or NULL. */
static const struct check *check_of(
		const struct config *config, const struct step *step, const struct labels *params)
{
	auto_buf struct buf name = { 0 };
	struct err err;

	if (step->kind != STEP_CHECK || params_expand(step->check, params, &name, &err) < 0) {
		return NULL;
	}
	return config_check(config, buf_text(&name));
}

void launch_write_argv(struct jsonw *w, const char *key, const struct config *config,
		const struct step *step, const struct labels *params)
{
	const struct check *check = check_of(config, step, params);
	auto_strv struct strv argv = { 0 };
	struct err err;

	if (step->kind == STEP_RUN || step->kind == STEP_SCRIPT) {
		step_argv(step, params, &argv, &err);
	} else if (step->kind == STEP_NOTIFY) {
		auto_buf struct buf text = { 0 };

		params_expand(step->text, params, &text, &err);
		strv_add(&argv, step->notify);
		strv_add(&argv, buf_text(&text));
	} else if (check && check->kind == CHECK_COMMAND) {
		for (const char *const *arg = check->argv; *arg; arg++) {
			strv_add(&argv, *arg);
		}
	} else if (check) {
		auto_buf struct buf target = { 0 };

		check_target(check, params, &target);
		strv_add_take(&argv, buf_detach(&target));
	}
	jsonw_array(w, key);
	for (size_t i = 0; i < argv.len; i++) {
		jsonw_str(w, NULL, argv.items[i]);
	}
	jsonw_close(w);
}

/* argv of the step in hand as a JSON array, for people to read. */
static void write_argv(const struct active *active, struct buf *out)
{
	struct jsonw w = jsonw_begin(out);

	launch_write_argv(
			&w, NULL, active->generation->config, active_step(active), &active->params);
	jsonw_end(&w);
}

/* C2: the attempt is written down. A probe that goes on has its row already. */
static int write_attempt(
		struct core *core, struct active *active, enum step_status status, struct err *err)
{
	const struct step *step = active_step(active);
	struct step_row row = active_row(active);
	auto_buf struct buf argv = { 0 };
	auto_buf struct buf title = { 0 };

	row.status = (uint8_t)status;
	row.started_at = clock_wall_ms();
	if (step->kind == STEP_CHECK && active->cursor.attempt > 1) {
		return steps_probe_again(core->db, &row, err);
	}
	write_argv(active, &argv);
	row.phase = phase_names[step->phase];
	row.kind = step_kind_names[step->kind];
	row.name = step_title(step, &active->params, &title);
	row.argv = buf_text(&argv);
	return steps_add(core->db, &row, err);
}

static int ask_executor(struct core *core, struct active *active, struct err *err)
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

	memcpy(msg.config_hash, active->generation->config->hash, DIGEST_SIZE);
	if (approvals_prove(core, active, &msg, err) < 0) {
		return -1;
	}
	active->state = ACTIVE_ASKED;
	active->may_have_run = false;
	turn_send(&core->turn, core->control, MSG_START, &msg);
	return 0;
}

/* A URL that cannot be made was refused when the step began. */
void launch_probe(struct core *core, struct active *active, const struct check *check)
{
	uint64_t id = ++core->runner.probes;
	auto_buf struct buf url = { 0 };
	struct err err;

	active->state = ACTIVE_PROBING;
	active->probe_id = id;
	active->due_ms = clock_mono_ms() + check->timeout_ms + PROBE_MARGIN_MS;
	if (check->kind != CHECK_HTTP || check_url(check, &active->params, &url, &err) == 0) {
		prober_ask_egress(core, id, check, buf_text(&url));
	}
}

static int start_check(struct core *core, struct active *active, struct err *err)
{
	const struct check *check = active_check(active);
	bool command = check && check->kind == CHECK_COMMAND;
	auto_buf struct buf url = { 0 };
	struct err wrong;

	if (write_attempt(core, active, command ? STEP_STARTING : STEP_WAITING, err) < 0) {
		return -1;
	}
	if (!check) {
		return runner_event(
				core, active, RUN_EV_FAILED, "there is no check of that name", err);
	}
	if (check->kind == CHECK_HTTP && check_url(check, &active->params, &url, &wrong) < 0) {
		return runner_event(core, active, RUN_EV_FAILED, wrong.msg, err);
	}
	if (command) {
		return ask_executor(core, active, err);
	}
	launch_probe(core, active, check);
	return 0;
}

static int start_wait(struct core *core, struct active *active, struct err *err)
{
	active->state = ACTIVE_PAUSED;
	active->wait_step = true;
	active->due_ms = clock_mono_ms() + active_step(active)->wait_ms;
	return write_attempt(core, active, STEP_WAITING, err);
}

/* Its `when` does not hold, or (event RUN_EV_FAILED) nobody can say whether it does. */
static int pass_over(struct core *core, struct active *active, enum run_event event,
		const char *reason, struct err *err)
{
	struct step_row row = active_row(active);

	row.status = event == RUN_EV_SKIPPED ? STEP_SKIPPED : STEP_FAILED;
	row.reason = reason;
	row.finished_at = clock_wall_ms();
	if (write_attempt(core, active, (enum step_status)row.status, err) < 0 ||
			steps_ended(core->db, &row, err) < 0) {
		return -1;
	}
	return runner_event(core, active, event, reason, err);
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

/* It is written down that somebody is to be told, and with that the step is done. */
static int start_notify(struct core *core, struct active *active, struct err *err)
{
	struct step_row row = active_row(active);
	auto_buf struct buf subject = { 0 };
	auto_buf struct buf text = { 0 };
	char key[64];

	snprintf(key, sizeof(key), "step/%" PRId64 "/%" PRIu32, active->run_id,
			active->cursor.step);
	write_message(active, &subject, &text);
	row.status = STEP_SUCCEEDED;
	row.finished_at = clock_wall_ms();
	if (write_attempt(core, active, STEP_SUCCEEDED, err) < 0 ||
			steps_ended(core->db, &row, err) < 0 ||
			outbox_tell(core,
					&(struct notice){ .incident_id = active->incident_id,
							.key = key,
							.receiver = active_step(active)->notify,
							.kind = "step",
							.subject = buf_text(&subject),
							.text = buf_text(&text) },
					err) < 0) {
		return -1;
	}
	return runner_event(core, active, RUN_EV_OK, "", err);
}

/* Start the attempt that the cursor points at. */
int launch_attempt(struct core *core, struct active *active, struct err *err)
{
	char reason[RUN_REASON_MAX];
	struct err unknown;
	bool holds;

	if (run_when(active->playbook, &active->cursor, &active->params, &holds, reason, &unknown) <
			0) {
		return pass_over(core, active, RUN_EV_FAILED, unknown.msg, err);
	}
	if (!holds) {
		return pass_over(core, active, RUN_EV_SKIPPED, reason, err);
	}
	switch (active_step(active)->kind) {
	case STEP_CHECK:
		return start_check(core, active, err);
	case STEP_WAIT:
		return start_wait(core, active, err);
	case STEP_APPROVE:
		return runner_event(core, active, RUN_EV_ASK, "", err);
	case STEP_NOTIFY:
		return start_notify(core, active, err);
	default:
		break;
	}
	if (write_attempt(core, active, STEP_STARTING, err) < 0) {
		return -1;
	}
	return ask_executor(core, active, err);
}
