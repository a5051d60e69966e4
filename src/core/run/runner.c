#include "core/run/runner.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "core/core.h"
#include "core/escalate/attention.h"
#include "core/escalate/escalator.h"
#include "core/run/answers.h"
#include "core/run/chronicle.h"
#include "core/run/outcome.h"
#include "core/run/start.h"
#include "domain/incident_after_run.h"
#include "store/incidents.h"
#include "store/steps.h"

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
	struct active *active = active_new(core->db, row, generation, err);
	void *items = core->runner.active;

	if (!active) {
		return NULL;
	}

	struct active **slot = mem_push(&items, core->runner.len, &core->runner.cap, sizeof(*slot));

	*slot = active;
	core->runner.active = items;
	core->runner.len++;
	return active;
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

/* It had not started, and is not needed any more: nobody has to answer its question. */
static int forget_question(struct core *core, const struct active *active, struct err *err)
{
	const char *name = active->playbook ? active->playbook->steps[0].name : "";
	char text[RUN_REASON_MAX];

	approvals_attention(active->run_id, active->playbook_name, name, text);
	return incidents_attention_over(core->db, active->incident_id, text, err);
}

static int move_incident(struct core *core, const struct active *active,
		const struct incident_facts *incident, const struct incident_verdict *verdict,
		struct err *err)
{
	bool fires = verdict->event == INCIDENT_FIRE;

	if (incidents_move(core->db, incident, verdict->event, 0, clock_wall_ms(), err) < 0 ||
			chronicle_moved(core, active, fires ? TIMELINE_FIRED : TIMELINE_MITIGATED,
					verdict->moved, err) < 0) {
		return -1;
	}
	return fires ? escalator_fires(core, incident, err) : 0;
}

static int change_attention(struct core *core, const struct active *active,
		const struct incident_verdict *verdict, struct err *err)
{
	const struct attention attention = {
		.incident_id = active->incident_id,
		.run_id = active->run_id,
		.why = verdict->why,
		.failed = verdict->failed,
	};

	switch ((enum incident_attention)verdict->attention) {
	case INCIDENT_ATTENTION_STAYS:
		return 0;
	case INCIDENT_ATTENTION_OVER:
		return incidents_attention(core->db, active->incident_id, NULL, err);
	case INCIDENT_ATTENTION_ANSWERED:
		return forget_question(core, active, err);
	case INCIDENT_ATTENTION_NEEDED:
		return attention_say(core, &attention, err);
	}
	return 0;
}

/* What the end of the run means for its incident. */
static int tell_incident(struct core *core, const struct active *active, struct err *err)
{
	struct incident_facts incident;
	struct incident_verdict verdict;
	struct incident_run run = {
		.id = active->run_id,
		.playbook_name = active->playbook_name,
		.playbook = active->playbook,
		.status = active->cursor.status,
		.reason = active->cursor.reason,
		.only_looks = active_only_looks(active),
		.started_once = active->started_once,
	};

	if (!active->incident_id) {
		return 0;
	}
	if (incidents_facts(core->db, active->incident_id, &incident, err) < 0) {
		return -1;
	}
	run.incident_status = incident.status;
	if (incident_after_run_counts(&run) &&
			runs_unhelpful(core->db, incident.id, &run.unhelpful, err) < 0) {
		return -1;
	}
	incident_after_run(&run, &verdict);
	if (verdict.moves && move_incident(core, active, &incident, &verdict, err) < 0) {
		return -1;
	}
	return change_attention(core, active, &verdict, err);
}

static int finish_run(struct core *core, struct active *active, struct err *err)
{
	const struct run_cursor *cursor = &active->cursor;

	if (runs_move(core->db, active->run_id, cursor, clock_wall_ms(), err) < 0 ||
			chronicle_ended(core, active, err) < 0 ||
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
	struct step_row row = active_row(active);

	active->state = ACTIVE_PAUSED;
	active->wait_step = false;
	active->due_ms = active->cursor.due_ms;
	if (active_step(active)->kind != STEP_CHECK) {
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

	if (steps_cancel(core->db, active->run_id, "the configuration that it followed is gone",
			    clock_wall_ms(), err) < 0) {
		return -1;
	}
	if (cursor->pending_status != RUN_QUEUED) {
		cursor->status = cursor->pending_status; /* it had failed, and only its rescue was left */
		return finish_run(core, active, err);
	}
	cursor->status = RUN_INTERRUPTED;
	snprintf(cursor->reason, sizeof(cursor->reason),
			"the configuration that it followed is gone; the steps that were left were "
			"not run; the last: %s",
			*detail ? detail : "succeeded");
	return finish_run(core, active, err);
}

static int end_canceled(struct core *core, struct active *active, struct err *err)
{
	struct run_cursor *cursor = &active->cursor;

	cursor->status = RUN_CANCELED;
	snprintf(cursor->reason, sizeof(cursor->reason), "%s", active->cancel);
	if (steps_cancel(core->db, active->run_id, active->cancel, clock_wall_ms(), err) < 0 ||
			approvals_drop(core, active, err) < 0) {
		return -1;
	}
	return finish_run(core, active, err);
}

int runner_reject(struct core *core, struct active *active, const char *reason, struct err *err)
{
	struct run_cursor *cursor = &active->cursor;

	cursor->status = RUN_REJECTED;
	snprintf(cursor->reason, sizeof(cursor->reason), "%s", reason);
	return finish_run(core, active, err);
}

/* The run waits in the store, and holds no place here. */
static int ask_person(struct core *core, struct active *active, struct err *err)
{
	const struct approval_question question = { .run_id = active->run_id,
		.incident_id = active->incident_id,
		.config = active->generation->config,
		.playbook = active->playbook,
		.step = active->cursor.step,
		.params = &active->params,
		.trigger = active->trigger,
		.requested_by = active->requested_by };

	if (approvals_ask(core, &question, err) < 0) {
		return -1;
	}
	log_warn("a run waits for approval", LOG_INT("run", active->run_id),
			LOG_INT("incident", active->incident_id),
			LOG_STR("playbook", active->playbook_name),
			LOG_STR("step", active_step(active)->name));
	core->runner.queue_waits = true;
	runner_remove(core, active);
	return 0;
}

/* Has the executor been asked for the attempt in hand, and not said yet that it is over? */
static bool is_executing(const struct active *active)
{
	bool begun = active->cursor.status == RUN_RUNNING || active->cursor.status == RUN_VERIFYING;

	return begun && active->state <= ACTIVE_ADOPTED;
}

int runner_cancel(struct core *core, struct active *active, struct err *err)
{
	if (!is_executing(active)) {
		return end_canceled(core, active, err);
	}
	turn_send(&core->turn, core->control, MSG_CANCEL,
			&(struct msg_cancel){ active_attempt(active) });
	return 0;
}

struct active *runner_find(const struct core *core, int64_t run_id)
{
	for (size_t i = 0; i < core->runner.len; i++) {
		if (core->runner.active[i]->run_id == run_id) {
			return core->runner.active[i];
		}
	}
	return NULL;
}

int runner_event(struct core *core, struct active *active, enum run_event event, const char *detail,
		struct err *err)
{
	uint8_t before = active->cursor.status;
	uint8_t pending_status = active->cursor.pending_status;

	if (turn_write(&core->turn, err) < 0) {
		return -1;
	}
	if (active->cancel) {
		return end_canceled(core, active, err);
	}
	if (!active->playbook) {
		return orphan_event(core, active, detail, err);
	}

	enum run_action action =
			run_next(active->playbook, &active->cursor, event, detail, clock_mono_ms());

	if (action != RUN_DO_FINISH &&
			(active->cursor.status != before || active->cursor.pending_status != pending_status) &&
			runs_move(core->db, active->run_id, &active->cursor, clock_wall_ms(), err) <
					0) {
		return -1;
	}
	switch (action) {
	case RUN_DO_STEP:
		return launch_attempt(core, active, err);
	case RUN_DO_PAUSE:
		return pause_run(core, active, detail, err);
	case RUN_DO_WAIT:
		return ask_person(core, active, err);
	case RUN_DO_FINISH:
		return finish_run(core, active, err);
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

/* It was queued before the interval began. It waits until that is over. */
static bool is_muted(struct core *core, const struct playbook *playbook)
{
	int64_t now = clock_wall_ms();
	char reason[GUARD_REASON_MAX];

	if (guard_intervals(&playbook->guards, clocks_at(core, now), reason)) {
		return false;
	}
	core->runner.look_ms = clock_mono_ms() + clocks_wait(now);
	return true;
}

/* Of the runs that have begun and wait for a person, or for their turn again: they keep their lock,
 * and their place among those of the playbook. */
static int64_t count_waiting(struct picking *picking, const struct run_row *row, bool *ret_locked)
{
	struct run_holding holding = { 0 };

	if (runs_holding(picking->core->db, row, &holding, picking->err) < 0) {
		picking->failed = true;
	}
	*ret_locked = holding.lock > 0;
	return holding.playbook;
}

/* A run waits while playbookd is paused, its playbook is muted, another holds its lock, or as many
 * of its playbook go on as may. */
static bool may_start(struct picking *picking, const struct run_row *row)
{
	struct core *core = picking->core;
	const struct playbook *playbook = config_playbook(core_config(core), row->playbook);
	int64_t at_most = playbook ? playbook->guards.max_concurrent : 0;
	int64_t same = 0;
	bool locked = false;

	if (!row->override_guards && pause_is_on(core)) {
		return false;
	}
	if (!row->override_guards && playbook && is_muted(core, playbook)) {
		return false;
	}
	if (row->lock || at_most) {
		same = count_waiting(picking, row, &locked);
	}
	if (locked || picking->failed) {
		return false;
	}
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

	if (!may_start(picking, row)) {
		return !picking->failed;
	}
	picking->active = runner_add(picking->core, row, picking->core->generations, picking->err);
	picking->failed = !picking->active;
	return false;
}

/* The configuration changed while it waited in the queue, and it cannot follow the new one. */
static int outdated(struct core *core, struct active *active, const char *why, struct err *err)
{
	active->cursor.status = RUN_INTERRUPTED;
	snprintf(active->cursor.reason, sizeof(active->cursor.reason),
			"before it started, the configuration changed: %.300s", why);
	return finish_run(core, active, err);
}

static int begin(struct core *core, struct active *active, struct err *err)
{
	struct err wrong;
	bool asked;

	if (approvals_resume(core, active, &asked, err) < 0) {
		return -1;
	}
	if (asked) {
		return 0;
	}
	if (!active->playbook) {
		return outdated(core, active, "its playbook is gone", err);
	}
	if (playbook_params_check(active->playbook, &active->params, &wrong) < 0) {
		return outdated(core, active, wrong.msg, err);
	}
	if (runs_follow(core->db, active->run_id, active->generation->config->hash, err) < 0) {
		return -1;
	}
	return runner_event(core, active, active_first_event(active), "", err);
}

static int start_queued(struct core *core, struct err *err)
{
	int64_t max = core_config(core)->max_concurrent_runs;
	struct runner *runner = &core->runner;

	if (runner->look_ms && runner->look_ms <= clock_mono_ms()) {
		runner->look_ms = 0;
		runner->queue_waits = true;
	}
	/* The queue waits for room on the disk; steps of what runs do not. */
	while (!core->space.degraded && runner->queue_waits && (int64_t)runner->len < max) {
		struct picking picking = { .core = core, .err = err };

		runner->look_ms = 0;
		if (turn_write(&core->turn, err) < 0 ||
				runs_queued(core->db, pick, &picking, err) < 0 || picking.failed) {
			return -1;
		}
		if (!picking.active) {
			runner->queue_waits = false;
			return 0;
		}
		if (begin(core, picking.active, err) < 0) {
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
			return outcome_due(core, active, err);
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
	if (core->runner.look_ms && (next < 0 || core->runner.look_ms - now < next)) {
		next = core->runner.look_ms > now ? core->runner.look_ms - now : 0;
	}
	return next;
}
