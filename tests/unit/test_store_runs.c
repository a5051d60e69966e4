/* SPDX-License-Identifier: Apache-2.0 */
#include "store/runs.h"

#include <stdio.h>
#include <string.h>

#include "store/approvals.h"
#include "store/steps.h"
#include "stored.h"
#include "test.h"

TEST(an_alert_causes_one_run_for_each_target_of_an_incident)
{
	static const uint8_t target[DIGEST_SIZE] = { 5 };
	struct db *db = stored_with_delivery();
	int64_t incident = stored_incident(db, 1);
	struct run_facts facts;
	struct err err;
	int64_t id;
	int64_t other;

	must_ok(stored_run(db, incident, 5, "alert", &id, &err), err);
	ck_int(stored_run(db, incident, 5, "alert", &other, &err), -1);
	ck_int(err.code, ERR_CONFLICT);
	must_ok(stored_run(db, incident, 6, "alert", &other, &err), err);
	must_ok(runs_once(db, incident, 1, target, &facts, &err), err);
	ck_int(facts.id, id);
	ck_int(facts.status, RUN_QUEUED);
	must_ok(runs_once(db, incident, 2, target, &facts, &err), err);
	ck_int(facts.id, 0);
	must_ok(stored_run(db, incident, 5, "replay", &other, &err), err);
	must_ok(runs_last(db, target, &facts, &err), err);
	ck_int(facts.id, other);
	db_close(db);
}

static void take_run(const struct run_row *row, void *arg)
{
	char *text = arg;

	snprintf(text + strlen(text), 100, "%lld %s %s %lld %lld;", (long long)row->id,
			run_status_names[row->status], run_status_names[row->pending_status],
			(long long)row->started_at, (long long)row->finished_at);
}

static bool take_queued(const struct run_row *row, void *arg)
{
	take_run(row, arg);
	return true;
}

TEST(a_run_leaves_the_queue_and_ends)
{
	struct db *db = stored_with_delivery();
	struct arena *arena = arena_new();
	struct run_cursor cursor = { .status = RUN_RUNNING };
	struct labels params;
	char text[300] = "";
	struct err err;
	int64_t id;

	must_ok(stored_run(db, 0, 5, "manual", &id, &err), err);
	must_ok(runs_queued(db, take_queued, text, &err), err);
	must_ok(runs_move(db, id, RUN_QUEUED, &cursor, 2000, &err), err);
	must_ok(runs_queued(db, take_queued, text, &err), err);
	cursor.pending_status = RUN_TIMED_OUT;
	must_ok(runs_move(db, id, RUN_RUNNING, &cursor, 2500, &err), err);
	must_ok(runs_active(db, take_run, text, &err), err);
	cursor.status = RUN_TIMED_OUT;
	must_ok(runs_move(db, id, RUN_RUNNING, &cursor, 3000, &err), err);
	must_ok(runs_active(db, take_run, text, &err), err);
	ck_int(runs_get(db, id, take_run, text, &err), 1);
	ck_str(text, "1 queued queued 0 0;1 running timed_out 2000 0;"
		     "1 timed_out timed_out 2000 3000;");
	must_ok(runs_params(db, id, arena, &params, &err), err);
	ck_int(params.len, 2);
	ck_str(params.items[0].value, "argus");
	ck_str(params.items[1].name, "zone");
	arena_free(arena);
	db_close(db);
}

/* A status that is not final may stay, while what the run will end with changes. */
TEST(a_run_moves_only_by_an_arrow_and_from_what_it_is)
{
	struct run_cursor cursor = { .status = RUN_RUNNING };
	struct db *db = stored_with_delivery();
	char text[300] = "";
	struct err err;
	int64_t id;

	must_ok(stored_run(db, 0, 5, "manual", &id, &err), err);

	/* no such arrow */
	cursor.status = RUN_FAILED;
	ck_int(runs_move(db, id, RUN_QUEUED, &cursor, 2000, &err), -1);
	ck_int(err.code, ERR_BUG);
	ck_str(err.msg, "run 1: a run that is queued cannot become failed");

	/* another was faster */
	cursor.status = RUN_VERIFYING;
	ck_int(runs_move(db, id, RUN_RUNNING, &cursor, 2000, &err), -1);
	ck_int(err.code, ERR_BUG);
	ck_str(err.msg, "run 1: it is not running any more, and cannot become verifying");
	ck_int(runs_move(db, 7, RUN_RUNNING, &cursor, 2000, &err), -1);
	ck_str(err.msg, "run 7: it is not running any more, and cannot become verifying");
	ck_int(runs_get(db, id, take_run, text, &err), 1);
	ck_str(text, "1 queued queued 0 0;");

	/* what is over stays over */
	cursor.status = RUN_CANCELED;
	must_ok(runs_move(db, id, RUN_QUEUED, &cursor, 2000, &err), err);
	ck_int(runs_move(db, id, RUN_CANCELED, &cursor, 3000, &err), -1);
	ck_str(err.msg, "run 1: a run that is canceled cannot become canceled");
	text[0] = '\0';
	ck_int(runs_get(db, id, take_run, text, &err), 1);
	ck_str(text, "1 canceled queued 0 2000;");
	db_close(db);
}

TEST(the_first_who_cancels_is_kept_and_only_what_waits_follows_a_configuration)
{
	static const uint8_t hash[DIGEST_SIZE] = { 9 };
	const struct run_cursor running = { .status = RUN_RUNNING };
	const struct run_cursor canceled = { .status = RUN_CANCELED };
	struct db *db = stored_with_delivery();
	struct err err;
	int64_t id;

	must_ok(stored_run(db, 0, 5, "manual", &id, &err), err);
	must_ok(runs_follow(db, id, hash, &err), err);
	must_ok(runs_move(db, id, RUN_QUEUED, &running, 2000, &err), err);
	ck_int(runs_follow(db, id, hash, &err), -1);
	ck_int(err.code, ERR_BUG);
	ck_has(err.msg, "run 1: it does not wait any more");
	must_ok(runs_cancel(db, id, "eve", &err), err);
	ck_int(runs_cancel(db, id, "bob", &err), -1);
	ck_int(err.code, ERR_BUG);
	ck_str(err.msg, "run 1: it is over, or canceled already");
	must_ok(runs_move(db, id, RUN_RUNNING, &canceled, 3000, &err), err);
	must_ok(stored_run(db, 0, 6, "manual", &id, &err), err);
	must_ok(runs_move(db, id, RUN_QUEUED, &canceled, 3000, &err), err);
	ck_int(runs_cancel(db, id, "bob", &err), -1);
	db_close(db);
}

TEST(a_question_that_is_answered_is_not_asked_anew)
{
	struct approval_row row = { .binding = { .step = 0, .expires_at = 5000 },
		.name = "may it" };
	struct approval_answer answer = { .decision = APPROVAL_CANCELED, .now = 2000 };
	struct db *db = stored_with_delivery();
	struct err err;
	bool taken;

	must_ok(stored_run(db, 0, 5, "manual", &answer.run_id, &err), err);
	row.binding.run = (uint64_t)answer.run_id;
	must_ok(approvals_add(db, &row, &err), err);
	must_ok(approvals_rebind(db, &row, &err), err);
	must_ok(approvals_decide(db, &answer, &taken, &err), err);
	ck(taken);
	ck_int(approvals_rebind(db, &row, &err), -1);
	ck_int(err.code, ERR_BUG);
	ck_str(err.msg, "run 1: its question is answered already");
	must_ok(approvals_decide(db, &answer, &taken, &err), err);
	ck(!taken);
	db_close(db);
}

static void take_step(const struct step_row *row, void *arg)
{
	char *text = arg;

	snprintf(text + strlen(text), 200, "%lld.%lld %s %s exit %lld kept %lld of %lld '%.*s';",
			(long long)row->step, (long long)row->attempt,
			step_status_names[row->status], row->reason, (long long)row->exit_code,
			(long long)row->kept_bytes, (long long)row->output_bytes,
			(int)row->tail_len, row->tail ? row->tail : "");
}

static void take_output(const struct step_row *row, const struct step_output *output, void *arg)
{
	char *text = arg;

	snprintf(text, 100, "%lld.%lld %.*s|%.*s", (long long)row->step, (long long)row->attempt,
			(int)output->head_len, (const char *)output->head, (int)output->tail_len,
			(const char *)output->tail);
}

TEST(an_attempt_is_written_once_and_keeps_its_output)
{
	struct db *db = stored_with_delivery();
	const struct step_output output = { "head", 4, "tail", 4 };
	struct step_row row = { .step = 2,
		.attempt = 1,
		.phase = "steps",
		.kind = "run",
		.name = "n",
		.argv = "[]",
		.status = STEP_STARTING,
		.reason = "",
		.exit_code = -1,
		.started_at = 1000 };
	char text[400] = "";
	struct err err;

	must_ok(stored_run(db, 0, 5, "manual", &row.run_id, &err), err);
	must_ok(steps_add(db, &row, &err), err);
	ck_int(steps_add(db, &row, &err), -1);
	ck_int(err.code, ERR_CONFLICT);
	row.pid = 77;
	must_ok(steps_started(db, &row, &err), err);
	must_ok(steps_list(db, row.run_id, take_step, text, &err), err);
	ck_str(text, "2.1 running  exit -1 kept 0 of 0 '';");
	ck_int(steps_started(db, &row, &err), -1);
	ck_int(err.code, ERR_BUG);
	ck_str(err.msg, "run 1, step 2, attempt 1: it is not starting any more");
	row.status = STEP_FAILED;
	row.exit_code = 3;
	row.output_bytes = 100;
	row.reason = "exit status 3";
	row.finished_at = 2000;
	must_ok(steps_ended(db, &row, &err), err);
	ck_int(steps_ended(db, &row, &err), -1);
	ck_int(err.code, ERR_BUG);
	ck_str(err.msg, "run 1, step 2, attempt 1: it has ended already");
	must_ok(steps_output_keep(db, &row, &output, &err), err);
	text[0] = '\0';
	must_ok(steps_of(db, row.run_id, 2, take_step, text, &err), err);
	ck_str(text, "2.1 failed exit status 3 exit 3 kept 8 of 100 'il';");
	ck_int(steps_output_get(db, row.run_id, 2, 0, take_output, text, &err), 1);
	ck_str(text, "2.1 head|tail");
	ck_int(steps_output_get(db, row.run_id, 2, 2, take_output, text, &err), 0);
	ck_int(steps_output_get(db, row.run_id, 1, 0, take_output, text, &err), 0);
	db_close(db);
}

TEST(a_probe_goes_on_in_its_one_row)
{
	struct db *db = stored_with_delivery();
	struct step_row row = { .step = 0,
		.attempt = 1,
		.phase = "verify",
		.kind = "check",
		.name = "n",
		.argv = "[]",
		.status = STEP_WAITING,
		.reason = "",
		.exit_code = -1,
		.started_at = 1000 };
	char text[400] = "";
	struct err err;

	must_ok(stored_run(db, 0, 5, "manual", &row.run_id, &err), err);
	must_ok(steps_add(db, &row, &err), err);
	row.attempt = 2;
	row.reason = "status 502";
	must_ok(steps_probe_again(db, &row, &err), err);
	must_ok(steps_list(db, row.run_id, take_step, text, &err), err);
	ck_str(text, "0.2 waiting status 502 exit -1 kept 0 of 0 '';");
	db_close(db);
}

TEST(a_run_is_the_next_one_or_as_high_as_it_must_be)
{
	static const struct {
		int64_t at_least;
		int64_t id;
	} rows[] = { { 0, 1 }, { 0, 2 }, { 2, 3 }, { 4, 4 }, { 9, 9 }, { 9, 10 }, { 0, 11 } };
	struct db *db = stored_with_delivery();
	const struct labels params = { 0 };
	struct err err;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const uint8_t bytes[DIGEST_SIZE] = { (uint8_t)i };
		const struct run_row row = { .id = rows[i].at_least,
			.playbook = "p",
			.target = bytes,
			.trigger = "manual",
			.requested_by = "x",
			.config_hash = bytes,
			.alertname = "Down",
			.alert = "{}",
			.alert_status = "firing" };
		int64_t id = 0;

		must_ok(runs_add(db, &row, &params, &id, &err), err);
		ck_int(id, rows[i].id);
	}
	db_close(db);
}

TEST(a_run_that_was_not_let_or_waits_did_not_help)
{
	struct db *db = stored_with_delivery();
	int64_t incident = stored_incident(db, 1);
	int64_t count = 0;
	struct err err;
	int64_t run;

	must_ok(stored_run(db, incident, 1, "manual", &run, &err), err);
	must_ok(runs_unhelpful(db, incident, &count, &err), err);
	ck_int(count, 0);
	must_ok(db_exec(db, "UPDATE run SET status = 'awaiting_approval'", &err), err);
	must_ok(runs_unhelpful(db, incident, &count, &err), err);
	ck_int(count, 1);
	must_ok(db_exec(db, "UPDATE run SET status = 'rejected'", &err), err);
	must_ok(runs_unhelpful(db, incident, &count, &err), err);
	ck_int(count, 1);
	db_close(db);
}
