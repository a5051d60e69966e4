/* SPDX-License-Identifier: Apache-2.0 */
#include "store/runs.h"

#include <inttypes.h>
#include <stdio.h>

static int add_param(struct db *db, int64_t run_id, size_t position, const struct label *param,
		struct err *err)
{
	static const char sql[] = "INSERT INTO run_param (run_id, position, name, value)"
				  " VALUES (:run_id, :position, :name, :value)";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":run_id", run_id);
	stmt_int(s, ":position", (int64_t)position);
	stmt_text(s, ":name", param->name);
	stmt_text(s, ":value", param->value);
	return stmt_run(s, err);
}

#define NEW_COLUMNS                                                                     \
	"incident_id, episode_id, generation, playbook, target, trigger, requested_by," \
	" request_reason, forced, config_hash, status, reason, lock, distinct_value,"   \
	" alertname, alert, alert_status, queued_at"
#define NEW_VALUES                                                                    \
	":incident_id, :episode_id, :generation, :playbook, :target, :trigger,"       \
	" :requested_by, :request_reason, :forced, :config_hash, :status, '', :lock," \
	" :distinct_value, :alertname, :alert, :alert_status, :queued_at"

/* Only while no run has that id, or a higher one. */
static const char add_from[] =
		"INSERT INTO run (id, " NEW_COLUMNS ")"
		" SELECT :id, " NEW_VALUES " WHERE NOT EXISTS (SELECT 1 FROM run WHERE id >= :id)";
static const char add_next[] = "INSERT INTO run (" NEW_COLUMNS ") VALUES (" NEW_VALUES ")";

#undef NEW_COLUMNS
#undef NEW_VALUES

/* 1 and its id, 0 when there is a run with that id or a higher one, or -1. first_id 0: the next. */
static int add_run(struct db *db, const struct run_row *row, int64_t first_id, int64_t *ret_id,
		struct err *err)
{
	struct stmt *s = db_stmt(db, first_id ? add_from : add_next);

	if (first_id) {
		stmt_int(s, ":id", first_id);
	}
	stmt_int_or_null(s, ":incident_id", row->incident_id);
	stmt_int_or_null(s, ":episode_id", row->episode_id);
	stmt_int(s, ":generation", row->times_opened);
	stmt_text(s, ":playbook", row->playbook);
	stmt_blob(s, ":target", row->target, DIGEST_SIZE);
	stmt_text(s, ":trigger", row->trigger);
	stmt_text(s, ":requested_by", row->requested_by);
	stmt_text(s, ":request_reason", row->request_reason ? row->request_reason : "");
	stmt_int(s, ":forced", row->override_guards);
	stmt_blob(s, ":config_hash", row->config_hash, DIGEST_SIZE);
	stmt_text(s, ":status", run_status_names[row->status]);
	stmt_text(s, ":lock", row->lock);
	stmt_text(s, ":distinct_value", row->distinct_value);
	stmt_text(s, ":alertname", row->alertname);
	stmt_text(s, ":alert", row->alert);
	stmt_text(s, ":alert_status", row->alert_status);
	stmt_int(s, ":queued_at", row->queued_at);
	return stmt_insert(s, ret_id, err);
}

int runs_add(struct db *db, const struct run_row *row, const struct labels *params, int64_t *ret_id,
		struct err *err)
{
	int rc = row->id > 1 ? add_run(db, row, row->id, ret_id, err) : 0;

	if (rc < 0 || (rc == 0 && add_run(db, row, 0, ret_id, err) < 0)) {
		return -1;
	}
	for (size_t i = 0; i < params->len; i++) {
		if (add_param(db, *ret_id, i, &params->items[i], err) < 0) {
			return -1;
		}
	}
	return 0;
}

static int read_facts(struct stmt *s, struct run_facts *ret, struct err *err)
{
	int rc = stmt_step(s, err);

	*ret = (struct run_facts){ 0 };
	if (rc == 1) {
		ret->id = stmt_col_int(s, 0);
		ret->status = (uint8_t)run_status_parse(stmt_col_text(s, 1));
		ret->finished_at = stmt_col_int(s, 2);
		stmt_reset(s);
	}
	return rc < 0 ? -1 : 0;
}

/* It ended before it began, since its alerts had ended: it did nothing, and counts nowhere. */
#define DID_SOMETHING " AND (status <> 'canceled' OR started_at IS NOT NULL OR cancel IS NOT NULL)"

int runs_of_episode(struct db *db, int64_t episode_id, const char *playbook, struct run_facts *ret,
		struct err *err)
{
	static const char sql[] = "SELECT id, status, finished_at"
				  " FROM run"
				  " WHERE id IN (SELECT id FROM run"
				  " WHERE episode_id = :episode_id AND playbook = :playbook"
				  " AND trigger = 'alert'"
				  " UNION ALL SELECT r.id FROM run_also a"
				  " JOIN run r ON r.id = a.run_id"
				  " WHERE a.episode_id = :episode_id"
				  " AND r.playbook = :playbook)" DID_SOMETHING " ORDER BY id DESC"
				  " LIMIT 1";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":episode_id", episode_id);
	stmt_text(s, ":playbook", playbook);
	return read_facts(s, ret, err);
}

int runs_once(struct db *db, int64_t incident_id, int64_t times_opened,
		const uint8_t target[DIGEST_SIZE], struct run_facts *ret, struct err *err)
{
	static const char sql[] = "SELECT id, status, finished_at"
				  " FROM run"
				  " WHERE incident_id = :incident_id AND generation = :generation"
				  " AND target = :target AND trigger = 'alert'" DID_SOMETHING
				  " ORDER BY id DESC LIMIT 1";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":incident_id", incident_id);
	stmt_int(s, ":generation", times_opened);
	stmt_blob(s, ":target", target, DIGEST_SIZE);
	return read_facts(s, ret, err);
}

int runs_unfinished(struct db *db, int64_t incident_id, struct run_facts *ret, struct err *err)
{
	static const char sql[] = "SELECT id, status, finished_at"
				  " FROM run"
				  " WHERE incident_id = :incident_id AND finished_at IS NULL"
				  " AND (trigger IN ('manual', 'replay')"
				  " OR status IN ('running', 'verifying')"
				  " OR (status = 'queued' AND started_at IS NOT NULL))"
				  " ORDER BY id"
				  " LIMIT 1";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":incident_id", incident_id);
	return read_facts(s, ret, err);
}

int runs_waiting(struct db *db, const uint8_t target[DIGEST_SIZE], struct run_facts *ret,
		struct err *err)
{
	static const char sql[] = "SELECT id, status, finished_at"
				  " FROM run"
				  " WHERE target = :target AND finished_at IS NULL"
				  " AND started_at IS NULL"
				  " AND status IN ('queued', 'awaiting_approval')"
				  " AND trigger <> 'escalation'"
				  " ORDER BY id"
				  " LIMIT 1";
	struct stmt *s = db_stmt(db, sql);

	stmt_blob(s, ":target", target, DIGEST_SIZE);
	return read_facts(s, ret, err);
}

/* Runs of a target that have begun and are not over; of is the table's name there. */
#define UNDER_WAY(of)                                                     \
	of "finished_at IS NULL AND (" of "started_at IS NOT NULL OR " of \
	   "status IN ('running', 'verifying'))"

int runs_under_way(struct db *db, const uint8_t target[DIGEST_SIZE], struct run_facts *ret,
		struct err *err)
{
	static const char sql[] =
			"SELECT id, status, finished_at"
			" FROM run"
			" WHERE target = :target AND " UNDER_WAY("") " ORDER BY id LIMIT 1";
	struct stmt *s = db_stmt(db, sql);

	stmt_blob(s, ":target", target, DIGEST_SIZE);
	return read_facts(s, ret, err);
}

int runs_wait(struct db *db, int64_t id, const char *reason, struct err *err)
{
	static const char sql[] = "UPDATE run"
				  " SET reason = :reason"
				  " WHERE id = :id AND status = 'queued'";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":id", id);
	stmt_text(s, ":reason", reason);
	return stmt_run(s, err);
}

int runs_did_not_help(struct db *db, int64_t look_id, struct err *err)
{
	static const char sql[] =
			"UPDATE run SET did_not_help = 1"
			" WHERE id = (SELECT max(id) FROM run"
			" WHERE target = (SELECT target FROM run WHERE id = :id) AND id < :id"
			" AND trigger <> 'escalation' AND status = 'succeeded')";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":id", look_id);
	return stmt_run(s, err);
}

int runs_last(struct db *db, const uint8_t target[DIGEST_SIZE], struct run_facts *ret,
		struct err *err)
{
	static const char sql[] = "SELECT id, status, finished_at"
				  " FROM run"
				  " WHERE target = :target" DID_SOMETHING " ORDER BY id DESC"
				  " LIMIT 1";
	struct stmt *s = db_stmt(db, sql);

	stmt_blob(s, ":target", target, DIGEST_SIZE);
	return read_facts(s, ret, err);
}

int runs_unhelpful(struct db *db, int64_t incident_id, int64_t *ret_count, struct err *err)
{
	static const char sql[] =
			"SELECT count(*)"
			" FROM run r"
			" JOIN incident i ON i.id = r.incident_id AND i.generation = r.generation"
			" WHERE r.incident_id = :incident_id"
			" AND r.status IN ('failed', 'timed_out', 'interrupted', 'rejected',"
			" 'awaiting_approval')"
			" AND NOT EXISTS (SELECT 1 FROM run later"
			" WHERE later.target = r.target AND later.id > r.id"
			" AND later.status = 'succeeded')";
	struct stmt *s = db_stmt(db, sql);
	int rc;

	stmt_int(s, ":incident_id", incident_id);
	rc = stmt_step(s, err);
	if (rc == 1) {
		*ret_count = stmt_col_int(s, 0);
		stmt_reset(s);
	}
	return rc < 0 ? -1 : 0;
}

/* rc of an UPDATE that had to change the run: 0 is a mistake of ours. Returns 0 or -1. */
static int must_change(int rc, int64_t id, const char *why, struct err *err)
{
	if (rc == 0) {
		return err_set(err, ERR_BUG, "run %" PRId64 ": %s", id, why);
	}
	return rc < 0 ? -1 : 0;
}

int runs_follow(struct db *db, int64_t id, const uint8_t config_hash[DIGEST_SIZE], struct err *err)
{
	static const char sql[] = "UPDATE run"
				  " SET config_hash = :config_hash"
				  " WHERE id = :id"
				  " AND status IN ('queued', 'awaiting_approval')";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":id", id);
	stmt_blob(s, ":config_hash", config_hash, DIGEST_SIZE);
	return must_change(stmt_update(s, err), id,
			"it does not wait any more, and cannot follow another configuration", err);
}

/* Is there such an arrow? What is not over may stay as it is. */
static bool may_move(enum run_status from, enum run_status to)
{
	return from == to ? !run_status_final(from) : run_status_can(from, to);
}

int runs_move(struct db *db, int64_t id, enum run_status from, const struct run_cursor *cursor,
		int64_t now, struct err *err)
{
	static const char sql[] = "UPDATE run"
				  " SET status = :status, outcome = :outcome, reason = :reason,"
				  " started_at = CASE WHEN :status = 'running'"
				  " THEN coalesce(started_at, :now)"
				  " ELSE started_at END,"
				  " finished_at = CASE WHEN :final THEN :now END"
				  " WHERE id = :id AND status = :from"
				  " AND (:from <> 'queued' OR :final OR started_at IS NOT NULL"
				  " OR NOT EXISTS (SELECT 1 FROM run o"
				  " WHERE o.target = run.target AND o.id <> run.id"
				  " AND " UNDER_WAY("o.") "))";
	const char *was = run_status_names[from];
	const char *status = run_status_names[cursor->status];
	char why[100];

	if (!may_move(from, cursor->status)) {
		return err_set(err, ERR_BUG, "run %" PRId64 ": a run that is %s cannot become %s",
				id, was, status);
	}

	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":id", id);
	stmt_text(s, ":from", was);
	stmt_text(s, ":status", status);
	stmt_text(s, ":outcome",
			cursor->pending_status == RUN_QUEUED
					? NULL
					: run_status_names[cursor->pending_status]);
	stmt_text(s, ":reason", cursor->reason);
	stmt_int(s, ":final", run_status_final(cursor->status));
	stmt_int(s, ":now", now);
	snprintf(why, sizeof(why), "it is not %s any more, and cannot become %s", was, status);
	return must_change(stmt_update(s, err), id, why, err);
}

int runs_cancel(struct db *db, int64_t id, const char *cancel, struct err *err)
{
	static const char sql[] = "UPDATE run"
				  " SET cancel = :cancel"
				  " WHERE id = :id AND cancel IS NULL AND finished_at IS NULL";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":id", id);
	stmt_text(s, ":cancel", cancel);
	return must_change(stmt_update(s, err), id, "it is over, or canceled already", err);
}

#define RUN_COLUMNS                                                                         \
	"id, incident_id, episode_id, generation, playbook, target, trigger, requested_by," \
	" config_hash, status, outcome, reason, alertname, alert, alert_status, queued_at," \
	" started_at, finished_at, lock, cancel, forced, request_reason"

static struct run_row read_run(struct stmt *s)
{
	size_t len;
	const char *pending_status = stmt_col_text(s, 10);

	return (struct run_row){
		.id = stmt_col_int(s, 0),
		.incident_id = stmt_col_int(s, 1),
		.episode_id = stmt_col_int(s, 2),
		.times_opened = stmt_col_int(s, 3),
		.playbook = stmt_col_text(s, 4),
		.target = stmt_col_blob(s, 5, &len),
		.trigger = stmt_col_text(s, 6),
		.requested_by = stmt_col_text(s, 7),
		.config_hash = stmt_col_blob(s, 8, &len),
		.status = (uint8_t)run_status_parse(stmt_col_text(s, 9)),
		.pending_status = pending_status ? (uint8_t)run_status_parse(pending_status)
						 : RUN_QUEUED,
		.reason = stmt_col_text(s, 11),
		.alertname = stmt_col_text(s, 12),
		.alert = stmt_col_text(s, 13),
		.alert_status = stmt_col_text(s, 14),
		.queued_at = stmt_col_int(s, 15),
		.started_at = stmt_col_int(s, 16),
		.finished_at = stmt_col_int(s, 17),
		.lock = stmt_col_text(s, 18),
		.cancel = stmt_col_text(s, 19),
		.override_guards = stmt_col_int(s, 20),
		.request_reason = stmt_col_text(s, 21),
	};
}

static int each_run(struct stmt *s, run_fn fn, void *arg, struct err *err)
{
	int rc;

	while ((rc = stmt_step(s, err)) == 1) {
		struct run_row row = read_run(s);

		fn(&row, arg);
	}
	return rc;
}

static int one_run(struct stmt *s, run_fn fn, void *arg, struct err *err)
{
	int rc = stmt_step(s, err);

	if (rc == 1) {
		struct run_row row = read_run(s);

		fn(&row, arg);
		stmt_reset(s);
	}
	return rc;
}

int runs_queued(struct db *db, run_each_fn each, void *arg, struct err *err)
{
	static const char sql[] =
			"SELECT " RUN_COLUMNS " FROM run"
			" WHERE status IN ('queued', 'awaiting_approval', 'running', 'verifying')"
			" AND status = 'queued'"
			" ORDER BY id";
	struct stmt *s = db_stmt(db, sql);
	int rc;

	while ((rc = stmt_step(s, err)) == 1) {
		struct run_row row = read_run(s);

		if (!each(&row, arg)) {
			stmt_reset(s);
			return 0;
		}
	}
	return rc;
}

int runs_holding(struct db *db, const struct run_row *row, struct run_holding *ret, struct err *err)
{
	static const char sql[] = "SELECT count(CASE WHEN lock = :lock THEN 1 END),"
				  " count(CASE WHEN playbook = :playbook THEN 1 END)"
				  " FROM run"
				  " WHERE status IN ('queued', 'awaiting_approval')"
				  " AND started_at IS NOT NULL"
				  " AND id <> :id";
	struct stmt *s = db_stmt(db, sql);
	int rc;

	stmt_int(s, ":id", row->id);
	stmt_text(s, ":lock", row->lock);
	stmt_text(s, ":playbook", row->playbook);
	rc = stmt_step(s, err);
	if (rc == 1) {
		*ret = (struct run_holding){ stmt_col_int(s, 0), stmt_col_int(s, 1) };
		stmt_reset(s);
	}
	return rc < 0 ? -1 : 0;
}

int runs_active(struct db *db, run_fn fn, void *arg, struct err *err)
{
	static const char sql[] =
			"SELECT " RUN_COLUMNS " FROM run"
			" WHERE status IN ('queued', 'awaiting_approval', 'running', 'verifying')"
			" AND status IN ('running', 'verifying')"
			" ORDER BY id";

	return each_run(db_stmt(db, sql), fn, arg, err);
}

int runs_get(struct db *db, int64_t id, run_fn fn, void *arg, struct err *err)
{
	static const char sql[] = "SELECT " RUN_COLUMNS " FROM run WHERE id = :id";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":id", id);
	return one_run(s, fn, arg, err);
}

int runs_known(struct db *db, int64_t id, bool *ret, struct err *err)
{
	static const char sql[] = "SELECT 1 FROM run WHERE id = :id";
	struct stmt *s = db_stmt(db, sql);
	int rc;

	stmt_int(s, ":id", id);
	rc = stmt_step(s, err);
	if (rc == 1) {
		stmt_reset(s);
	}
	*ret = rc == 1;
	return rc < 0 ? -1 : 0;
}

int runs_params(struct db *db, int64_t id, struct arena *arena, struct labels *ret, struct err *err)
{
	static const char sql[] = "SELECT name, value, (SELECT count(*) FROM run_param"
				  " WHERE run_id = :run_id)"
				  " FROM run_param"
				  " WHERE run_id = :run_id"
				  " ORDER BY position";
	struct stmt *s = db_stmt(db, sql);
	int rc;

	*ret = (struct labels){ 0 };
	stmt_int(s, ":run_id", id);
	while ((rc = stmt_step(s, err)) == 1) {
		if (!ret->items) {
			ret->items = arena_calloc(
					arena, (size_t)stmt_col_int(s, 2), sizeof(*ret->items));
		}
		ret->items[ret->len].name = arena_strdup(arena, stmt_col_text(s, 0));
		ret->items[ret->len].value = arena_strdup(arena, stmt_col_text(s, 1));
		ret->len++;
	}
	return rc;
}

int runs_list(struct db *db, const struct run_query *query, run_fn fn, void *arg, struct err *err)
{
#define RUN_PAGE                                           \
	" AND id < :before"                                \
	" AND (:status IS NULL OR status = :status)"       \
	" AND (:playbook IS NULL OR playbook = :playbook)" \
	" ORDER BY id DESC"                                \
	" LIMIT :limit"
	static const char all[] = "SELECT " RUN_COLUMNS " FROM run WHERE 1" RUN_PAGE;
	static const char of_one[] =
			"SELECT " RUN_COLUMNS " FROM run WHERE incident_id = :incident_id" RUN_PAGE;
#undef RUN_PAGE
	struct stmt *s = db_stmt(db, query->incident_id ? of_one : all);

	if (query->incident_id) {
		stmt_int(s, ":incident_id", query->incident_id);
	}
	stmt_int(s, ":before", query->before ? query->before : INT64_MAX);
	stmt_text(s, ":status", query->status);
	stmt_text(s, ":playbook", query->playbook);
	stmt_int(s, ":limit", query->limit);
	return each_run(s, fn, arg, err);
}
