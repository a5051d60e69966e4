#include "core/runner.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/jsonw.h"
#include "base/log.h"
#include "core/core.h"
#include "domain/incident.h"
#include "store/incidents.h"

#define LOOK_MS          100  /* between looks at the folder of an adopted attempt */
#define PROBE_MARGIN_MS  5000 /* egress is given up this long after a probe's own timeout */
#define REFUSED_PAUSE_MS 1000
#define DETAIL_MAX       256

static struct attempt_id attempt_of(const struct active *active)
{
	return (struct attempt_id){ (uint64_t)active->run_id, active->cursor.step,
		active->cursor.attempt };
}

static const struct step *step_of(const struct active *active)
{
	return &active->playbook->steps[active->cursor.step];
}

static struct step_row row_of(const struct active *active)
{
	return (struct step_row){ .run_id = active->run_id,
		.step = active->cursor.step,
		.attempt = active->cursor.attempt,
		.reason = "",
		.exit_code = -1 };
}

static void generation_release(struct generation *generation)
{
	if (generation) {
		generation->refs--;
	}
}

static void active_free(struct active *active)
{
	generation_release(active->generation);
	arena_free(active->arena);
	free(active);
}

void runner_clear(struct core *core)
{
	for (size_t i = 0; i < core->runner.len; i++) {
		active_free(core->runner.active[i]);
	}
	free(core->runner.active);
	free(core->runner.forget);
	core->runner = (struct runner){ 0 };
}

static void runner_remove(struct core *core, struct active *active)
{
	struct runner *runner = &core->runner;

	for (size_t i = 0; i < runner->len; i++) {
		if (runner->active[i] == active) {
			runner->active[i] = runner->active[--runner->len];
			active_free(active);
			return;
		}
	}
}

struct active *runner_add(struct core *core, const struct run_row *row,
		struct generation *generation, struct err *err)
{
	struct active *active = xcalloc(1, sizeof(*active));
	struct arena *arena = arena_new();
	void *items = core->runner.active;

	active->arena = arena;
	active->run_id = row->id;
	active->incident_id = row->incident_id;
	active->playbook_name = arena_strdup(arena, row->playbook);
	active->trigger = arena_strdup(arena, row->trigger);
	active->alertname = arena_strdup(arena, row->alertname);
	active->alert = arena_strdup(arena, row->alert);
	active->alert_status = arena_strdup(arena, row->alert_status);
	active->lock = arena_strdup(arena, row->lock);
	active->cursor.status = row->status;
	active->cursor.outcome = row->outcome;
	snprintf(active->cursor.reason, sizeof(active->cursor.reason), "%s", row->reason);
	if (generation) {
		active->generation = generation;
		generation->refs++;
		active->playbook = config_playbook(generation->config, row->playbook);
	}
	if (runs_params(core->db, row->id, arena, &active->params, err) < 0) {
		active_free(active);
		return NULL;
	}

	struct active **slot = mem_push(&items, core->runner.len, &core->runner.cap, sizeof(*slot));

	*slot = active;
	core->runner.active = items;
	core->runner.len++;
	return active;
}

static struct active *find_attempt(struct core *core, const struct attempt_id *id)
{
	for (size_t i = 0; i < core->runner.len; i++) {
		struct active *active = core->runner.active[i];

		if ((uint64_t)active->run_id == id->run && active->cursor.step == id->step &&
				active->cursor.attempt == id->attempt) {
			return active;
		}
	}
	return NULL;
}

/* The check of the step in hand, or NULL when there is none of that name. */
static const struct check *check_of(const struct active *active)
{
	auto_buf struct buf name = { 0 };
	struct err err;

	if (params_expand(step_of(active)->check, &active->params, &name, &err) < 0) {
		return NULL;
	}
	return config_check(active->generation->config, buf_text(&name));
}

/* argv of the step in hand as a JSON array, for people to read. */
static void write_argv(const struct active *active, struct buf *out)
{
	const struct step *step = step_of(active);
	const struct check *check = step->kind == STEP_CHECK ? check_of(active) : NULL;
	auto_strv struct strv argv = { 0 };
	struct jsonw w = jsonw_begin(out);
	struct err err;

	if (step->kind == STEP_RUN || step->kind == STEP_SCRIPT) {
		step_argv(step, &active->params, &argv, &err);
	} else if (check && check->kind == CHECK_COMMAND) {
		for (const char *const *arg = check->argv; *arg; arg++) {
			strv_add(&argv, *arg);
		}
	} else if (check) {
		strv_add(&argv, check->kind == CHECK_HTTP ? check->url : check->address);
	}
	jsonw_array(&w, NULL);
	for (size_t i = 0; i < argv.len; i++) {
		jsonw_str(&w, NULL, argv.items[i]);
	}
	jsonw_close(&w);
	jsonw_end(&w);
}

/* C2: the attempt is written down. A probe that goes on has its row already. */
static int write_attempt(
		struct core *core, struct active *active, enum step_status status, struct err *err)
{
	const struct step *step = step_of(active);
	struct step_row row = row_of(active);
	auto_buf struct buf argv = { 0 };

	row.status = (uint8_t)status;
	row.started_at = clock_wall_ms();
	if (step->kind == STEP_CHECK && active->cursor.attempt > 1) {
		return steps_probe_again(core->db, &row, err);
	}
	write_argv(active, &argv);
	row.phase = phase_names[step->phase];
	row.kind = step_kind_names[step->kind];
	row.name = step->name;
	row.argv = buf_text(&argv);
	return steps_add(core->db, &row, err);
}

static void ask_executor(struct core *core, struct active *active)
{
	struct msg_start msg = {
		.id = attempt_of(active),
		.playbook = active->playbook_name,
		.params = active->params,
		.incident = (uint64_t)active->incident_id,
		.trigger = active->trigger,
		.alertname = active->alertname,
		.status = active->alert_status,
		.alert = { (const unsigned char *)active->alert, (uint32_t)strlen(active->alert) },
	};

	memcpy(msg.config_hash, active->generation->config->hash, DIGEST_SIZE);
	active->state = ACTIVE_ASKED;
	active->may_have_run = false;
	turn_send(&core->turn, core->control, MSG_START, &msg);
}

static void ask_egress(struct core *core, struct active *active, const struct check *check)
{
	const struct msg_probe msg = {
		.id = ++core->runner.probes,
		.kind = check->kind,
		.url = check->url,
		.address = check->address,
		.status = check->status,
		.json = check->json,
		.contains = check->contains,
		.timeout_ms = check->timeout_ms,
	};

	active->state = ACTIVE_PROBING;
	active->probe_id = msg.id;
	active->due_ms = clock_mono_ms() + check->timeout_ms + PROBE_MARGIN_MS;
	turn_send(&core->turn, core->egress, MSG_PROBE, &msg);
}

static int start_check(struct core *core, struct active *active, struct err *err)
{
	const struct check *check = check_of(active);
	bool command = check && check->kind == CHECK_COMMAND;

	if (write_attempt(core, active, command ? STEP_STARTING : STEP_WAITING, err) < 0) {
		return -1;
	}
	if (!check) {
		return runner_event(
				core, active, RUN_EV_FAILED, "there is no check of that name", err);
	}
	if (command) {
		ask_executor(core, active);
	} else {
		ask_egress(core, active, check);
	}
	return 0;
}

static int start_wait(struct core *core, struct active *active, struct err *err)
{
	active->state = ACTIVE_PAUSED;
	active->wait_step = true;
	active->due_ms = clock_mono_ms() + step_of(active)->wait_ms;
	return write_attempt(core, active, STEP_WAITING, err);
}

/* Start the attempt that the cursor points at. */
static int start_attempt(struct core *core, struct active *active, struct err *err)
{
	switch (step_of(active)->kind) {
	case STEP_CHECK:
		return start_check(core, active, err);
	case STEP_WAIT:
		return start_wait(core, active, err);
	default:
		break;
	}
	if (write_attempt(core, active, STEP_STARTING, err) < 0) {
		return -1;
	}
	ask_executor(core, active);
	return 0;
}

static void count_run(struct core *core, const struct active *active)
{
	struct counters *counters = &core->counters;
	void *items = counters->runs;

	for (size_t i = 0; i < counters->runs_len; i++) {
		if (!strcmp(counters->runs[i].playbook, active->playbook_name)) {
			counters->runs[i].ended[active->cursor.status]++;
			return;
		}
	}

	struct run_counter *counter = mem_push(
			&items, counters->runs_len, &counters->runs_cap, sizeof(*counters->runs));

	counters->runs = items;
	counters->runs_len++;
	counter->playbook = xstrdup(active->playbook_name);
	counter->ended[active->cursor.status]++;
}

/* What the end of the run means for its incident. */
static int tell_incident(struct core *core, const struct active *active, struct err *err)
{
	const struct run_cursor *cursor = &active->cursor;
	struct incident_facts incident;
	char why[RUN_REASON_MAX + 128];
	bool verified = cursor->status == RUN_SUCCEEDED && active->playbook &&
			playbook_phase_begin(active->playbook, PHASE_VERIFY) <
					playbook_phase_end(active->playbook, PHASE_VERIFY);

	if (!active->incident_id) {
		return 0;
	}
	if (incidents_facts(core->db, active->incident_id, &incident, err) < 0) {
		return -1;
	}
	if (verified) {
		if (incident.status == INCIDENT_FIRING &&
				incidents_move(core->db, &incident, INCIDENT_MITIGATE, 0,
						clock_wall_ms(), err) < 0) {
			return -1;
		}
		return incidents_attention(core->db, incident.id, NULL, err);
	}
	if (incident.status == INCIDENT_CLOSED ||
			(incident.status == INCIDENT_RESOLVED && cursor->status == RUN_SUCCEEDED)) {
		return 0;
	}
	if (cursor->status == RUN_SUCCEEDED) {
		snprintf(why, sizeof(why),
				"run %" PRId64
				" (%s) collected evidence; nothing was changed or verified",
				active->run_id, active->playbook_name);
	} else {
		snprintf(why, sizeof(why), "run %" PRId64 " (%s) %s: %s", active->run_id,
				active->playbook_name, run_status_names[cursor->status],
				cursor->reason);
	}
	return incidents_attention(core->db, incident.id, why, err);
}

static int finish_run(struct core *core, struct active *active, struct err *err)
{
	const struct run_cursor *cursor = &active->cursor;

	if (runs_move(core->db, active->run_id, cursor, clock_wall_ms(), err) < 0 ||
			tell_incident(core, active, err) < 0) {
		return -1;
	}
	count_run(core, active);
	log_write(cursor->status == RUN_SUCCEEDED ? LOG_INFO : LOG_WARN, "run finished",
			(const struct log_field[]){ LOG_INT("run", active->run_id),
					LOG_INT("incident", active->incident_id),
					LOG_STR("playbook", active->playbook_name),
					LOG_STR("status", run_status_names[cursor->status]),
					LOG_STR("reason", cursor->reason), LOG_END });
	core->runner.queue_waits = true;
	runner_remove(core, active);
	return 0;
}

/* A probe that pauses keeps its row, which follows the attempt's number. */
static int pause_run(struct core *core, struct active *active, const char *detail, struct err *err)
{
	struct step_row row = row_of(active);

	active->state = ACTIVE_PAUSED;
	active->wait_step = false;
	active->due_ms = active->cursor.due_ms;
	if (step_of(active)->kind != STEP_CHECK) {
		return 0;
	}
	row.status = STEP_WAITING;
	row.reason = detail;
	return steps_probe_again(core->db, &row, err);
}

/* The configuration that the run follows is gone: it ends where it stands. */
static int orphan_event(
		struct core *core, struct active *active, const char *detail, struct err *err)
{
	struct run_cursor *cursor = &active->cursor;

	cursor->status = RUN_INTERRUPTED;
	snprintf(cursor->reason, sizeof(cursor->reason),
			"the configuration changed while playbookd was down; the steps that were "
			"left "
			"were not run; the last: %s",
			*detail ? detail : "succeeded");
	return finish_run(core, active, err);
}

int runner_event(struct core *core, struct active *active, enum run_event event, const char *detail,
		struct err *err)
{
	uint8_t before = active->cursor.status;
	uint8_t outcome = active->cursor.outcome;

	if (turn_write(&core->turn, err) < 0) {
		return -1;
	}
	if (!active->playbook) {
		return orphan_event(core, active, detail, err);
	}

	enum run_action action =
			run_next(active->playbook, &active->cursor, event, detail, clock_mono_ms());

	if (action != RUN_DO_FINISH &&
			(active->cursor.status != before || active->cursor.outcome != outcome) &&
			runs_move(core->db, active->run_id, &active->cursor, clock_wall_ms(), err) <
					0) {
		return -1;
	}
	switch (action) {
	case RUN_DO_STEP:
		return start_attempt(core, active, err);
	case RUN_DO_PAUSE:
		return pause_run(core, active, detail, err);
	case RUN_DO_FINISH:
		return finish_run(core, active, err);
	}
	return 0;
}

/* C5, first half: how the attempt ended. A probe that fails is written when the step is decided. */
static int write_end(struct core *core, const struct active *active, const struct step_row *row,
		struct err *err)
{
	const struct attempt_id id = attempt_of(active);
	struct attempt_output kept = { 0 };
	int rc = steps_ended(core->db, row, err);

	if (rc == 0 && row->output_bytes > 0 &&
			attempt_output_read(core->storage_fd, &id, (uint64_t)row->output_bytes,
					&kept, err) == 0) {
		const struct step_output output = { kept.head.data, kept.head.len, kept.tail.data,
			kept.tail.len };

		rc = steps_output_add(core->db, row, &output, err);
	}
	buf_clear(&kept.head);
	buf_clear(&kept.tail);
	return rc;
}

/* How a program ended, in the words of the run and of people. */
struct ending {
	enum step_status status;
	enum run_event event;
	char detail[DETAIL_MAX];
};

static struct ending read_ending(const struct attempt_status *status)
{
	struct ending ending = { STEP_FAILED, RUN_EV_FAILED, "" };
	char *detail = ending.detail;

	switch ((enum attempt_result)status->result) {
	case ATTEMPT_NOT_STARTED:
		ending = (struct ending){ STEP_NOT_STARTED, RUN_EV_NOT_STARTED,
			"it was not started" };
		break;
	case ATTEMPT_EXITED:
		if (status->exit_code == 0) {
			ending = (struct ending){ STEP_SUCCEEDED, RUN_EV_OK, "" };
		} else {
			snprintf(detail, DETAIL_MAX, "exit status %d", status->exit_code);
		}
		break;
	case ATTEMPT_SIGNALED:
		snprintf(detail, DETAIL_MAX, "ended by signal %d (SIG%s)", status->signal,
				sigabbrev_np(status->signal) ? sigabbrev_np(status->signal) : "?");
		break;
	case ATTEMPT_TIMED_OUT:
		ending = (struct ending){ STEP_TIMED_OUT, RUN_EV_TIMED_OUT,
			"ended by its deadline" };
		break;
	case ATTEMPT_EXEC_FAILED:
		snprintf(detail, DETAIL_MAX, "exec failed: %s: %s", status->what,
				strerror(status->sys_errno));
		break;
	case ATTEMPT_RESULTS:
		break;
	}
	return ending;
}

/* The files may go once what they say is durable. */
static void forget_later(struct core *core, const struct attempt_id *id)
{
	struct runner *runner = &core->runner;
	void *items = runner->forget;
	struct attempt_id *slot =
			mem_push(&items, runner->forget_len, &runner->forget_cap, sizeof(*slot));

	*slot = *id;
	runner->forget = items;
	runner->forget_len++;
}

void runner_committed(struct core *core)
{
	struct runner *runner = &core->runner;

	for (size_t i = 0; i < runner->forget_len; i++) {
		attempt_forget_output(core->storage_fd, &runner->forget[i]);
	}
	runner->forget_len = 0;
}

static int take_status(struct core *core, struct active *active,
		const struct attempt_status *status, struct err *err)
{
	const struct ending ending = read_ending(status);
	const struct attempt_id id = attempt_of(active);
	struct step_row row = row_of(active);

	row.status = (uint8_t)ending.status;
	row.reason = ending.detail;
	row.exit_code = status->result == ATTEMPT_EXITED ? status->exit_code : -1;
	row.signal = status->signal;
	row.finished_at = status->finished_at ? status->finished_at : clock_wall_ms();
	row.output_bytes = (int64_t)status->output_bytes;
	if (turn_write(&core->turn, err) < 0 || write_end(core, active, &row, err) < 0) {
		return -1;
	}
	if (row.output_bytes) {
		forget_later(core, &id);
	}
	return runner_event(core, active, ending.event, ending.detail, err);
}

/* The shim is gone without a word. If it had not been told to go, nothing ran. */
static int take_vanished(struct core *core, struct active *active, struct err *err)
{
	bool never_ran = !active->may_have_run;
	const char *detail = never_ran ? "it was not started"
				       : "it was started, and nobody knows how it ended";
	struct step_row row = row_of(active);

	row.status = never_ran ? STEP_NOT_STARTED : STEP_INTERRUPTED;
	row.reason = detail;
	row.finished_at = clock_wall_ms();
	if (turn_write(&core->turn, err) < 0 || steps_ended(core->db, &row, err) < 0) {
		return -1;
	}
	return runner_event(core, active, never_ran ? RUN_EV_NOT_STARTED : RUN_EV_INTERRUPTED,
			detail, err);
}

int runner_look(struct core *core, struct active *active, struct err *err)
{
	const struct attempt_id id = attempt_of(active);
	struct attempt_status status;
	enum attempt_state state;
	struct err wrong;

	if (attempt_look(core->storage_fd, &id, &state, &status, &wrong) < 0) {
		log_error("an attempt's folder cannot be read", LOG_INT("run", active->run_id),
				LOG_STR("error", wrong.msg));
		state = ATTEMPT_VANISHED;
	}
	switch (state) {
	case ATTEMPT_ENDED:
		return take_status(core, active, &status, err);
	case ATTEMPT_ALIVE:
		active->state = ACTIVE_ADOPTED;
		active->due_ms = clock_mono_ms() + LOOK_MS;
		return 0;
	case ATTEMPT_ABSENT:
		active->may_have_run = false;
		return take_vanished(core, active, err);
	case ATTEMPT_VANISHED:
		return take_vanished(core, active, err);
	}
	return 0;
}

int runner_started(struct core *core, const struct msg_started *msg, struct err *err)
{
	struct active *active = find_attempt(core, &msg->id);
	struct step_row row;

	if (!active || active->state != ACTIVE_ASKED) {
		return 0;
	}
	row = row_of(active);
	row.pid = msg->pid;
	row.pid_started = msg->pid_started;
	row.boot_id = msg->boot_id;
	if (turn_write(&core->turn, err) < 0 || steps_started(core->db, &row, err) < 0) {
		return -1;
	}
	active->state = ACTIVE_RUNNING;
	active->may_have_run = true;
	turn_send(&core->turn, core->control, MSG_GO, &(struct msg_go){ msg->id });
	return 0;
}

/* Try again with the next attempt's number, after a pause. */
static int refused_later(
		struct core *core, struct active *active, const char *reason, struct err *err)
{
	log_warn("the executor cannot start a step now", LOG_INT("run", active->run_id),
			LOG_STR("reason", reason));
	active->state = ACTIVE_PAUSED;
	active->wait_step = false;
	active->due_ms = clock_mono_ms() + REFUSED_PAUSE_MS;
	active->cursor.attempt++;
	if (step_of(active)->kind == STEP_CHECK) {
		struct step_row row = row_of(active);

		row.status = STEP_WAITING;
		row.reason = reason;
		return steps_probe_again(core->db, &row, err);
	}
	return 0;
}

int runner_refused(struct core *core, const struct msg_refused *msg, struct err *err)
{
	struct active *active = find_attempt(core, &msg->id);
	char detail[DETAIL_MAX];
	struct step_row row;

	if (!active || active->state != ACTIVE_ASKED) {
		return 0;
	}
	snprintf(detail, sizeof(detail), "refused: %s", msg->reason);
	row = row_of(active);
	row.status = msg->why == REFUSED_LATER ? STEP_NOT_STARTED : STEP_FAILED;
	row.reason = detail;
	row.finished_at = clock_wall_ms();
	if (turn_write(&core->turn, err) < 0 || steps_ended(core->db, &row, err) < 0) {
		return -1;
	}
	if (msg->why == REFUSED_LATER) {
		return refused_later(core, active, msg->reason, err);
	}
	return runner_event(core, active, RUN_EV_FAILED, detail, err);
}

int runner_ended(struct core *core, const struct msg_ended *msg, struct err *err)
{
	struct active *active = find_attempt(core, &msg->id);

	return active && active->state <= ACTIVE_ADOPTED ? runner_look(core, active, err) : 0;
}

static int take_probe(struct core *core, struct active *active, bool ok, const char *detail,
		struct err *err)
{
	struct step_row row = row_of(active);

	row.status = ok ? STEP_SUCCEEDED : STEP_FAILED;
	row.reason = detail;
	row.finished_at = clock_wall_ms();
	if (turn_write(&core->turn, err) < 0 || steps_ended(core->db, &row, err) < 0) {
		return -1;
	}
	return runner_event(core, active, ok ? RUN_EV_OK : RUN_EV_FAILED, detail, err);
}

int runner_probed(struct core *core, const struct msg_probed *msg, struct err *err)
{
	for (size_t i = 0; i < core->runner.len; i++) {
		struct active *active = core->runner.active[i];

		if (active->state == ACTIVE_PROBING && active->probe_id == msg->id) {
			return take_probe(core, active, msg->ok, msg->detail, err);
		}
	}
	return 0;
}

int runner_egress_new(struct core *core, struct err *err)
{
	(void)err;
	for (size_t i = 0; i < core->runner.len; i++) {
		struct active *active = core->runner.active[i];

		if (active->state == ACTIVE_PROBING) {
			ask_egress(core, active, check_of(active));
		}
	}
	return 0;
}

/* The pause is over. */
static int end_pause(struct core *core, struct active *active, struct err *err)
{
	struct step_row row = row_of(active);

	if (!active->wait_step) {
		return runner_event(core, active, RUN_EV_DUE, "", err);
	}
	row.status = STEP_SUCCEEDED;
	row.finished_at = clock_wall_ms();
	if (turn_write(&core->turn, err) < 0 || steps_ended(core->db, &row, err) < 0) {
		return -1;
	}
	return runner_event(core, active, RUN_EV_OK, "", err);
}

static int do_due(struct core *core, struct active *active, struct err *err)
{
	switch ((enum active_state)active->state) {
	case ACTIVE_PAUSED:
		return end_pause(core, active, err);
	case ACTIVE_PROBING:
		return take_probe(core, active, false, "no answer from egress", err);
	case ACTIVE_ADOPTED:
		return runner_look(core, active, err);
	case ACTIVE_ASKED:
	case ACTIVE_RUNNING:
		break;
	}
	return 0;
}

static bool has_due(const struct active *active)
{
	return active->state == ACTIVE_PAUSED || active->state == ACTIVE_PROBING ||
	       active->state == ACTIVE_ADOPTED;
}

/* Looks for the first run of the queue that may start. */
struct picking {
	struct core *core;
	struct err *err;
	struct active *active; /* the one that may, added to the runner */
	bool failed;
};

/* A run waits while another holds its lock, or as many of its playbook go on as may. */
static bool may_start(const struct core *core, const struct run_row *row)
{
	const struct playbook *playbook = config_playbook(core_config(core), row->playbook);
	int64_t at_most = playbook ? playbook->guards.max_concurrent : 0;
	int64_t same = 0;

	for (size_t i = 0; i < core->runner.len; i++) {
		const struct active *active = core->runner.active[i];

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

	if (!may_start(picking->core, row)) {
		return true;
	}
	picking->active = runner_add(picking->core, row, picking->core->generations, picking->err);
	picking->failed = !picking->active;
	return false;
}

/* Its playbook left the configuration while it waited in the queue. */
static int vanished_playbook(struct core *core, struct active *active, struct err *err)
{
	active->cursor.status = RUN_INTERRUPTED;
	snprintf(active->cursor.reason, sizeof(active->cursor.reason),
			"its playbook left the configuration before it started");
	return finish_run(core, active, err);
}

static int start_queued(struct core *core, struct err *err)
{
	int64_t max = core_config(core)->max_concurrent_runs;

	while (core->runner.queue_waits && (int64_t)core->runner.len < max) {
		struct picking picking = { .core = core, .err = err };

		if (turn_write(&core->turn, err) < 0 ||
				runs_queued(core->db, pick, &picking, err) < 0 || picking.failed) {
			return -1;
		}
		if (!picking.active) {
			core->runner.queue_waits = false;
			return 0;
		}

		struct active *active = picking.active;
		int rc = active->playbook ? runner_event(core, active, RUN_EV_BEGIN, "", err)
					  : vanished_playbook(core, active, err);

		if (rc < 0) {
			return -1;
		}
	}
	return 0;
}

/* An event may end its run and move another into its place, so each pass does one that is due. */
static int do_one_due(struct core *core, int64_t now, bool *ret_done, struct err *err)
{
	*ret_done = false;
	for (size_t i = 0; i < core->runner.len; i++) {
		struct active *active = core->runner.active[i];

		if (has_due(active) && active->due_ms <= now) {
			*ret_done = true;
			return do_due(core, active, err);
		}
	}
	return 0;
}

int64_t runner_tick(struct core *core, struct err *err)
{
	int64_t now = clock_mono_ms();
	int64_t next = -1;
	bool done;

	do {
		if (do_one_due(core, now, &done, err) < 0) {
			return -2;
		}
	} while (done);
	if (start_queued(core, err) < 0) {
		return -2;
	}
	now = clock_mono_ms();
	for (size_t i = 0; i < core->runner.len; i++) {
		const struct active *active = core->runner.active[i];

		if (has_due(active) && (next < 0 || active->due_ms - now < next)) {
			next = active->due_ms > now ? active->due_ms - now : 0;
		}
	}
	return next;
}
