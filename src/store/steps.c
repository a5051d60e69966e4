/* SPDX-License-Identifier: Apache-2.0 */
#include "store/steps.h"

#include <inttypes.h>
#include <string.h>

const char *const step_status_names[STEP_STATUSES] = {
	[STEP_STARTING] = "starting",
	[STEP_RUNNING] = "running",
	[STEP_WAITING] = "waiting",
	[STEP_SUCCEEDED] = "succeeded",
	[STEP_FAILED] = "failed",
	[STEP_TIMED_OUT] = "timed_out",
	[STEP_CANCELED] = "canceled",
	[STEP_INTERRUPTED] = "interrupted",
	[STEP_NOT_STARTED] = "not_started",
	[STEP_SKIPPED] = "skipped",
};

int step_status_parse(const char *name)
{
	for (int i = 0; i < STEP_STATUSES; i++) {
		if (!strcmp(name, step_status_names[i])) {
			return i;
		}
	}
	return -1;
}

static void bind_key(struct stmt *s, int64_t run_id, int64_t step, int64_t attempt)
{
	stmt_int(s, ":run_id", run_id);
	stmt_int(s, ":step", step);
	stmt_int(s, ":attempt", attempt);
}

int steps_add(struct db *db, const struct step_row *row, struct err *err)
{
	static const char sql[] =
			"INSERT INTO step (run_id, step, attempt, phase, kind, name, argv, status,"
			" reason, started_at, output_bytes)"
			" VALUES (:run_id, :step, :attempt, :phase, :kind, :name, :argv, :status,"
			" '', :started_at, 0)";
	struct stmt *s = db_stmt(db, sql);

	bind_key(s, row->run_id, row->step, row->attempt);
	stmt_text(s, ":phase", row->phase);
	stmt_text(s, ":kind", row->kind);
	stmt_text(s, ":name", row->name);
	stmt_text(s, ":argv", row->argv);
	stmt_text(s, ":status", step_status_names[row->status]);
	stmt_int(s, ":started_at", row->started_at);
	return stmt_run(s, err);
}

/* rc of an UPDATE that had to change the attempt: 0 is a mistake of ours. Returns 0 or -1. */
static int must_change(int rc, const struct step_row *row, const char *why, struct err *err)
{
	if (rc == 0) {
		return err_set(err, ERR_BUG,
				"run %" PRId64 ", step %" PRId64 ", attempt %" PRId64 ": %s",
				row->run_id, row->step, row->attempt, why);
	}
	return rc < 0 ? -1 : 0;
}

int steps_started(struct db *db, const struct step_row *row, struct err *err)
{
	static const char sql[] = "UPDATE step"
				  " SET status = 'running', pid = :pid, pid_started = :pid_started,"
				  " boot_id = :boot_id"
				  " WHERE run_id = :run_id AND step = :step AND attempt = :attempt"
				  " AND status = 'starting'";
	struct stmt *s = db_stmt(db, sql);

	bind_key(s, row->run_id, row->step, row->attempt);
	stmt_int(s, ":pid", row->pid);
	stmt_int(s, ":pid_started", row->pid_started);
	stmt_text(s, ":boot_id", row->boot_id);
	return must_change(stmt_update(s, err), row, "it is not starting any more", err);
}

int steps_ended(struct db *db, const struct step_row *row, struct err *err)
{
	static const char sql[] = "UPDATE step"
				  " SET status = :status, reason = :reason,"
				  " exit_code = CASE WHEN :exit_code >= 0 THEN :exit_code END,"
				  " signal = :signal, finished_at = :finished_at, output_bytes ="
				  " :output_bytes"
				  " WHERE run_id = :run_id AND step = :step AND attempt = :attempt"
				  " AND finished_at IS NULL";
	struct stmt *s = db_stmt(db, sql);

	bind_key(s, row->run_id, row->step, row->attempt);
	stmt_text(s, ":status", step_status_names[row->status]);
	stmt_text(s, ":reason", row->reason);
	stmt_int(s, ":exit_code", row->exit_code);
	stmt_int_or_null(s, ":signal", row->signal);
	stmt_int_or_null(s, ":finished_at", row->finished_at);
	stmt_int(s, ":output_bytes", row->output_bytes);
	return must_change(stmt_update(s, err), row, "it has ended already", err);
}

int steps_cancel(struct db *db, int64_t run_id, const char *reason, int64_t now, struct err *err)
{
	static const char sql[] = "UPDATE step"
				  " SET status = 'canceled', reason = :reason, finished_at = :now"
				  " WHERE run_id = :run_id AND status = 'waiting'";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":run_id", run_id);
	stmt_text(s, ":reason", reason);
	stmt_int(s, ":now", now);
	return stmt_run(s, err);
}

int steps_probe_again(struct db *db, const struct step_row *row, struct err *err)
{
	static const char sql[] = "UPDATE step"
				  " SET attempt = :attempt, status = :status, reason = :reason,"
				  " exit_code = NULL,"
				  " signal = NULL, pid = NULL, pid_started = NULL, boot_id = NULL,"
				  " finished_at = NULL"
				  " WHERE run_id = :run_id AND step = :step";
	struct stmt *s = db_stmt(db, sql);

	bind_key(s, row->run_id, row->step, row->attempt);
	stmt_text(s, ":status", step_status_names[row->status]);
	stmt_text(s, ":reason", row->reason);
	return stmt_run(s, err);
}

int steps_output_keep(struct db *db, const struct step_row *row, const struct step_output *output,
		struct err *err)
{
	static const char sql[] = "INSERT INTO output (run_id, step, attempt, head, tail)"
				  " VALUES (:run_id, :step, :attempt, :head, :tail)";
	static const char others[] = "DELETE FROM output"
				     " WHERE run_id = :run_id AND step = :step"
				     " AND attempt NOT IN (SELECT attempt FROM step"
				     " WHERE run_id = :run_id AND step = :step)";
	struct stmt *s = db_stmt(db, others);

	stmt_int(s, ":run_id", row->run_id);
	stmt_int(s, ":step", row->step);
	if (stmt_run(s, err) < 0) {
		return -1;
	}
	s = db_stmt(db, sql);

	bind_key(s, row->run_id, row->step, row->attempt);
	stmt_blob(s, ":head", output->head ? output->head : "", output->head_len);
	stmt_blob(s, ":tail", output->tail ? output->tail : "", output->tail_len);
	return stmt_run(s, err);
}

#define STEP_COLUMNS                                                                           \
	"s.run_id, s.step, s.attempt, s.phase, s.kind, s.name, s.argv, s.status, s.reason,"    \
	" coalesce(s.exit_code, -1), s.signal, s.pid, s.pid_started, s.boot_id, s.started_at," \
	" s.finished_at, s.output_bytes"

static struct step_row read_step(struct stmt *s)
{
	return (struct step_row){
		.run_id = stmt_col_int(s, 0),
		.step = stmt_col_int(s, 1),
		.attempt = stmt_col_int(s, 2),
		.phase = stmt_col_text(s, 3),
		.kind = stmt_col_text(s, 4),
		.name = stmt_col_text(s, 5),
		.argv = stmt_col_text(s, 6),
		.status = (uint8_t)step_status_parse(stmt_col_text(s, 7)),
		.reason = stmt_col_text(s, 8),
		.exit_code = stmt_col_int(s, 9),
		.signal = stmt_col_int(s, 10),
		.pid = stmt_col_int(s, 11),
		.pid_started = stmt_col_int(s, 12),
		.boot_id = stmt_col_text(s, 13),
		.started_at = stmt_col_int(s, 14),
		.finished_at = stmt_col_int(s, 15),
		.output_bytes = stmt_col_int(s, 16),
	};
}

int steps_list(struct db *db, int64_t run_id, step_fn fn, void *arg, struct err *err)
{
	static const char sql[] = "SELECT " STEP_COLUMNS " FROM step s"
				  " WHERE s.run_id = :run_id"
				  " ORDER BY s.step, s.attempt";
	struct stmt *s = db_stmt(db, sql);
	int rc;

	stmt_int(s, ":run_id", run_id);
	while ((rc = stmt_step(s, err)) == 1) {
		struct step_row row = read_step(s);

		fn(&row, arg);
	}
	return rc;
}

int steps_of(struct db *db, int64_t run_id, size_t tail_max, step_fn fn, void *arg, struct err *err)
{
	static const char sql[] =
			"SELECT " STEP_COLUMNS ","
			" CASE WHEN length(o.tail) > 0 THEN substr(o.tail, -:tail_max)"
			" ELSE substr(o.head, -:tail_max) END,"
			" coalesce(length(o.head) + length(o.tail), 0)"
			" FROM step s"
			" LEFT JOIN output o"
			" ON o.run_id = s.run_id AND o.step = s.step AND o.attempt = s.attempt"
			" WHERE s.run_id = :run_id"
			" ORDER BY s.step, s.attempt";
	struct stmt *s = db_stmt(db, sql);
	int rc;

	stmt_int(s, ":run_id", run_id);
	stmt_int(s, ":tail_max", (int64_t)tail_max);
	while ((rc = stmt_step(s, err)) == 1) {
		struct step_row row = read_step(s);

		row.tail = stmt_col_blob(s, 17, &row.tail_len);
		row.kept_bytes = stmt_col_int(s, 18);
		fn(&row, arg);
	}
	return rc;
}

int steps_output_get(struct db *db, int64_t run_id, int64_t step, int64_t attempt,
		step_output_fn fn, void *arg, struct err *err)
{
	static const char sql[] =
			"SELECT " STEP_COLUMNS ", o.head, o.tail"
			" FROM step s"
			" LEFT JOIN output o"
			" ON o.run_id = s.run_id AND o.step = s.step AND o.attempt = s.attempt"
			" WHERE s.run_id = :run_id AND s.step = :step"
			" AND (:attempt = 0 OR s.attempt = :attempt)"
			" ORDER BY s.attempt DESC"
			" LIMIT 1";
	struct stmt *s = db_stmt(db, sql);

	bind_key(s, run_id, step, attempt);

	int rc = stmt_step(s, err);

	if (rc == 1) {
		struct step_row row = read_step(s);
		struct step_output output;

		output.head = stmt_col_blob(s, 17, &output.head_len);
		output.tail = stmt_col_blob(s, 18, &output.tail_len);
		fn(&row, &output, arg);
		stmt_reset(s);
	}
	return rc;
}
