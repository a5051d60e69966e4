/* SPDX-License-Identifier: Apache-2.0 */
#include "core/run/outcome.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "core/run/precheck.h"
#include "core/run/runner.h"
#include "core/run/start.h"
#include "wire/ending.h"

#define LOOK_MS    100 /* between looks at the folder of an adopted attempt */
#define DETAIL_MAX 256
#define READS_MAX  10 /* looks at an output that cannot be read, LOOK_MS apart */

/* An attempt that could not be started is followed by another at once, and then by others after
 * longer and longer pauses, until it counts as a failure. */
#define MISSES_MAX        10
#define MISS_PAUSE_MIN_MS 1000
#define MISS_PAUSE_MAX_MS 60000

static struct active *find_attempt(struct run_room *run, const struct attempt_id *id)
{
	for (size_t i = 0; i < run->len; i++) {
		struct active *active = run->active[i];

		if ((uint64_t)active->run_id == id->run && active->cursor.step == id->step &&
				active->cursor.attempt == id->attempt) {
			return active;
		}
	}
	return NULL;
}

/*
 * What the attempt wrote, into ret. For want of descriptors it may be readable a little later:
 * false then. Once that was tried often enough the run goes on; what was written stays on the disk.
 */
static bool read_output(struct run_room *run, struct active *active, uint64_t bytes,
		struct attempt_output *ret, bool *ret_read)
{
	const struct attempt_id id = active_attempt(active);
	struct err why;

	*ret_read = bytes > 0 && run->ground->ports->attempt_output_read(run->ground->storage_fd,
						 &id, bytes, ret, &why) == 0;
	if (bytes == 0 || *ret_read) {
		active->reads = 0;
		return true;
	}
	if (++active->reads == 1) {
		log_warn("the output of a step cannot be read now", LOG_INT("run", active->run_id),
				LOG_INT("step", active->cursor.step), LOG_STR("error", why.msg));
	}
	if (active->reads < READS_MAX) {
		active->state = ACTIVE_ADOPTED;
		active->due_ms = run->ground->turn.mono_ms + LOOK_MS;
		return false;
	}
	active->reads = 0;
	log_error("the output of a step cannot be read, and stays in its folder",
			LOG_INT("run", active->run_id), LOG_INT("step", active->cursor.step),
			LOG_STR("error", why.msg));
	return true;
}

/* C5, first half: how the attempt ended, and what it wrote (NULL: nothing that can be read). A
 * probe that fails is written when the step is decided. */
static int write_end(struct run_room *run, const struct step_row *row,
		const struct attempt_output *kept, struct err *err)
{
	if (turn_write(&run->ground->turn, err) < 0 || steps_ended(run->ground->db, row, err) < 0) {
		return -1;
	}
	return !kept ? 0
		     : steps_output_keep(run->ground->db, row,
				       &(struct step_output){ kept->head.data, kept->head.len,
						       kept->tail.data, kept->tail.len },
				       err);
}

/* How a program ended, as the run's event and in words. */
struct ending {
	enum step_status status;
	enum run_event event;
	char detail[DETAIL_MAX];
};

static struct ending read_ending(const struct attempt_status *status)
{
	struct ending ending = { STEP_FAILED, RUN_EV_FAILED, "" };

	switch ((enum attempt_result)status->result) {
	case ATTEMPT_NOT_STARTED:
		ending = (struct ending){ STEP_NOT_STARTED, RUN_EV_NOT_STARTED, "" };
		break;
	case ATTEMPT_EXITED:
		if (status->exit_code == 0) {
			return (struct ending){ STEP_SUCCEEDED, RUN_EV_OK, "" };
		}
		break;
	case ATTEMPT_TIMED_OUT:
		ending = (struct ending){ STEP_TIMED_OUT, RUN_EV_TIMED_OUT, "" };
		break;
	case ATTEMPT_CANCELED:
		ending = (struct ending){ STEP_CANCELED, RUN_EV_FAILED, "" };
		break;
	case ATTEMPT_SIGNALED:
	case ATTEMPT_EXEC_FAILED:
	case ATTEMPT_RESULTS:
		break;
	}
	ending_words(status, ending.detail, DETAIL_MAX);
	return ending;
}

/* The files may go once what they say is durable. */
static void forget_later(struct run_room *run, const struct attempt_id *id)
{
	void *items = run->forget;
	struct attempt_id *slot =
			mem_push(&items, run->forget_len, &run->forget_cap, sizeof(*slot));

	*slot = *id;
	run->forget = items;
	run->forget_len++;
}

void outcome_committed(struct run_room *run)
{
	for (size_t i = 0; i < run->forget_len; i++) {
		run->ground->ports->attempt_forget_output(run->ground->storage_fd, &run->forget[i]);
	}
	run->forget_len = 0;
}

/* Nothing before due_ms; then the next attempt's number is used. */
static int pause_missed(
		struct run_room *run, struct active *active, const char *detail, struct err *err)
{
	int64_t pause_ms = MISS_PAUSE_MIN_MS;

	for (uint32_t i = 2; i < active->misses && pause_ms < MISS_PAUSE_MAX_MS; i++) {
		pause_ms *= 2;
	}
	log_warn("a step cannot be started now", LOG_INT("run", active->run_id),
			LOG_STR("reason", detail));
	active->state = ACTIVE_PAUSED;
	active->wait_step = false;
	active->due_ms = run->ground->turn.mono_ms +
			 (pause_ms < MISS_PAUSE_MAX_MS ? pause_ms : MISS_PAUSE_MAX_MS);
	active->cursor.attempt++;
	if (active_step(active)->kind == STEP_CHECK) {
		struct step_row row = active_row(active);

		row.status = STEP_WAITING;
		row.reason = detail;
		return steps_probe_again(run->ground->db, &row, err);
	}
	return 0;
}

/* The attempt in hand certainly never ran, and that is written down. */
static int take_missed(
		struct run_room *run, struct active *active, const char *detail, struct err *err)
{
	char why[DETAIL_MAX];

	if (active->cancel || !active->playbook || ++active->misses == 1) {
		return runner_event(run, active, RUN_EV_NOT_STARTED, detail, err);
	}
	if (active->misses <= MISSES_MAX) {
		return pause_missed(run, active, detail, err);
	}
	active->misses = 0;
	snprintf(why, sizeof(why), "could not be started %d times; the last: %.180s",
			MISSES_MAX + 1, detail);
	return runner_event(run, active, RUN_EV_FAILED, why, err);
}

/* What follows from how the attempt ended, once its output is there. */
static int take_ending(struct run_room *run, struct active *active,
		const struct attempt_status *status, const struct attempt_output *kept,
		struct err *err)
{
	struct ending ending = read_ending(status);
	struct step_row row = active_row(active);

	ending.event = precheck_event(
			run, active, status, ending.event, ending.detail, sizeof(ending.detail));
	row.status = (uint8_t)ending.status;
	row.reason = ending.detail;
	row.exit_code = status->result == ATTEMPT_EXITED ? status->exit_code : -1;
	row.signal = status->signal;
	row.finished_at = run->ground->turn.wall_ms;
	/* The turn may have begun before the step ended: what follows is not to precede its end. */
	if (status->finished_at && status->finished_at < row.finished_at) {
		row.finished_at = status->finished_at;
	}
	row.output_bytes = (int64_t)status->output_bytes;
	if (write_end(run, &row, kept, err) < 0) {
		return -1;
	}
	if (ending.event == RUN_EV_NOT_STARTED) {
		return take_missed(run, active, ending.detail, err);
	}
	active->misses = 0;
	return runner_event(run, active, ending.event, ending.detail, err);
}

static int take_status(struct run_room *run, struct active *active,
		const struct attempt_status *status, struct err *err)
{
	const struct attempt_id id = active_attempt(active);
	struct attempt_output kept = { 0 };
	bool read;
	int rc;

	if (!read_output(run, active, status->output_bytes, &kept, &read)) {
		return 0;
	}
	if (read) {
		forget_later(run, &id);
	}
	rc = take_ending(run, active, status, read ? &kept : NULL, err);
	buf_clear(&kept.head);
	buf_clear(&kept.tail);
	return rc;
}

/* The shim ended without a status. If it had not got the word go, nothing ran. */
static int take_vanished(struct run_room *run, struct active *active, struct err *err)
{
	bool never_ran = !active->may_have_run;
	const char *detail = never_ran ? "it was not started"
				       : "it was started, and nobody knows how it ended";
	struct step_row row = active_row(active);

	row.status = never_ran ? STEP_NOT_STARTED : STEP_INTERRUPTED;
	row.reason = detail;
	row.finished_at = run->ground->turn.wall_ms;
	if (turn_write(&run->ground->turn, err) < 0 ||
			steps_ended(run->ground->db, &row, err) < 0) {
		return -1;
	}
	if (never_ran) {
		return take_missed(run, active, detail, err);
	}
	active->misses = 0;
	return runner_event(run, active, RUN_EV_INTERRUPTED, detail, err);
}

int outcome_look(struct run_room *run, struct active *active, struct err *err)
{
	const struct attempt_id id = active_attempt(active);
	struct attempt_status status;
	enum attempt_state state;
	struct err wrong;

	if (run->ground->ports->attempt_look(
			    run->ground->storage_fd, &id, &state, &status, &wrong) < 0) {
		log_error("an attempt's folder cannot be read", LOG_INT("run", active->run_id),
				LOG_STR("error", wrong.msg));
		/* What makes no sense stays so; what could not be read is looked at again. */
		state = wrong.code == ERR_INPUT ? ATTEMPT_VANISHED : ATTEMPT_ALIVE;
	}
	switch (state) {
	case ATTEMPT_ENDED:
		return take_status(run, active, &status, err);
	case ATTEMPT_ALIVE:
		if (active->cancel && active->state != ACTIVE_ADOPTED &&
				runner_cancel(run, active, err) < 0) {
			return -1;
		}
		active->state = ACTIVE_ADOPTED;
		active->due_ms = run->ground->turn.mono_ms + LOOK_MS;
		return 0;
	case ATTEMPT_ABSENT: /* after a power cut even the folder of one that ran can be gone */
	case ATTEMPT_VANISHED:
		return take_vanished(run, active, err);
	}
	return 0;
}

int outcome_started(struct run_room *run, const struct msg_started *msg, struct err *err)
{
	struct active *active = find_attempt(run, &msg->id);
	struct step_row row;

	if (!active || active->state != ACTIVE_ASKED || active->cancel) {
		return 0;
	}
	row = active_row(active);
	row.pid = msg->pid;
	row.pid_started = msg->pid_started;
	row.boot_id = msg->boot_id;
	if (turn_write(&run->ground->turn, err) < 0 ||
			steps_started(run->ground->db, &row, err) < 0) {
		return -1;
	}
	active->state = ACTIVE_RUNNING;
	active->may_have_run = true;
	turn_send(&run->ground->turn, run->ground->links.control, MSG_GO,
			&(struct msg_go){ msg->id });
	return 0;
}

int outcome_refused(struct run_room *run, const struct msg_refused *msg, struct err *err)
{
	struct active *active = find_attempt(run, &msg->id);
	char detail[DETAIL_MAX];
	struct step_row row;

	if (!active || active->state != ACTIVE_ASKED) {
		return 0;
	}
	snprintf(detail, sizeof(detail), "refused: %s", msg->reason);
	row = active_row(active);
	row.status = msg->why == REFUSED_LATER ? STEP_NOT_STARTED : STEP_FAILED;
	row.reason = detail;
	row.finished_at = run->ground->turn.wall_ms;
	if (turn_write(&run->ground->turn, err) < 0 ||
			steps_ended(run->ground->db, &row, err) < 0) {
		return -1;
	}
	if (msg->why == REFUSED_LATER) {
		return take_missed(run, active, detail, err);
	}
	return runner_event(run, active, RUN_EV_FAILED, detail, err);
}

int outcome_ended(struct run_room *run, const struct msg_ended *msg, struct err *err)
{
	struct active *active = find_attempt(run, &msg->id);

	return active && active->state <= ACTIVE_ADOPTED ? outcome_look(run, active, err) : 0;
}

static int take_probe(struct run_room *run, struct active *active, bool ok, const char *detail,
		struct err *err)
{
	struct step_row row = active_row(active);

	row.status = ok ? STEP_SUCCEEDED : STEP_FAILED;
	row.reason = detail;
	row.finished_at = run->ground->turn.wall_ms;
	if (turn_write(&run->ground->turn, err) < 0 ||
			steps_ended(run->ground->db, &row, err) < 0) {
		return -1;
	}
	return runner_event(run, active, ok ? RUN_EV_OK : RUN_EV_FAILED, detail, err);
}

int outcome_probed(struct run_room *run, const struct msg_probed *msg, bool *ret_taken,
		struct err *err)
{
	*ret_taken = true;
	for (size_t i = 0; i < run->len; i++) {
		struct active *active = run->active[i];

		if (active->state == ACTIVE_PROBING && active->probe_id == msg->id) {
			return take_probe(run, active, msg->verdict == VERDICT_HEALTHY, msg->detail,
					err);
		}
	}
	*ret_taken = false;
	return 0;
}

void outcome_egress_new(struct run_room *run)
{
	for (size_t i = 0; i < run->len; i++) {
		struct active *active = run->active[i];

		if (active->state == ACTIVE_PROBING) {
			start_probe(run, active, active_check(active));
		}
	}
}

/* The pause is over. */
static int end_pause(struct run_room *run, struct active *active, struct err *err)
{
	struct step_row row = active_row(active);

	if (!active->wait_step) {
		return runner_event(run, active, RUN_EV_DUE, "", err);
	}
	row.status = STEP_SUCCEEDED;
	row.finished_at = run->ground->turn.wall_ms;
	if (turn_write(&run->ground->turn, err) < 0 ||
			steps_ended(run->ground->db, &row, err) < 0) {
		return -1;
	}
	return runner_event(run, active, RUN_EV_OK, "", err);
}

int outcome_due(struct run_room *run, struct active *active, struct err *err)
{
	switch ((enum active_state)active->state) {
	case ACTIVE_PAUSED:
		return end_pause(run, active, err);
	case ACTIVE_PROBING:
		return take_probe(run, active, false, "no answer from egress", err);
	case ACTIVE_ADOPTED:
		return outcome_look(run, active, err);
	case ACTIVE_ASKED:
	case ACTIVE_RUNNING:
		break;
	}
	return 0;
}
