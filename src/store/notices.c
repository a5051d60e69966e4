/* SPDX-License-Identifier: Apache-2.0 */
#include "store/notices.h"

#include <stddef.h>
#include <string.h>

const char *const notice_status_names[NOTICE_STATUSES] = {
	[NOTICE_PENDING] = "pending",
	[NOTICE_SENT] = "sent",
	[NOTICE_FAILED] = "failed",
};

static uint8_t parse_status(const char *name)
{
	uint8_t status = 0;

	while (status < NOTICE_FAILED && strcmp(notice_status_names[status], name) != 0) {
		status++;
	}
	return status;
}

int notices_add(struct db *db, const struct notice_row *row, bool *ret_added, struct err *err)
{
	static const char sql[] =
			"INSERT INTO outbox (key, receiver, endpoint, incident_id, kind, subject,"
			" text, incident, status, attempts, reason, created_at, next_at, ended_at)"
			" VALUES (:key, :receiver, :endpoint, :incident_id, :kind, :subject, :text,"
			" :incident, :status, 0, :reason, :created_at, :next_at, :ended_at)"
			" ON CONFLICT (key, receiver, endpoint) DO NOTHING";
	struct stmt *s = db_stmt(db, sql);

	stmt_text(s, ":key", row->key);
	stmt_text(s, ":receiver", row->receiver);
	stmt_text(s, ":endpoint", row->endpoint);
	stmt_int_or_null(s, ":incident_id", row->incident_id);
	stmt_text(s, ":kind", row->kind);
	stmt_text(s, ":subject", row->subject);
	stmt_text(s, ":text", row->text);
	stmt_text(s, ":incident", row->incident);
	stmt_text(s, ":status", notice_status_names[row->status]);
	stmt_text(s, ":reason", row->reason);
	stmt_int(s, ":created_at", row->created_at);
	stmt_int(s, ":next_at", row->next_at);
	stmt_int_or_null(s, ":ended_at", row->ended_at);
	if (stmt_run(s, err) < 0) {
		return -1;
	}
	*ret_added = db_changes(db) == 1;
	return 0;
}

#define NOTICE_COLUMNS                                                                     \
	"id, key, receiver, endpoint, incident_id, kind, subject, text, incident, status," \
	" attempts, reason, created_at, next_at, ended_at"

static struct notice_row read_notice(struct stmt *s)
{
	return (struct notice_row){
		.id = stmt_col_int(s, 0),
		.key = stmt_col_text(s, 1),
		.receiver = stmt_col_text(s, 2),
		.endpoint = stmt_col_text(s, 3),
		.incident_id = stmt_col_int(s, 4),
		.kind = stmt_col_text(s, 5),
		.subject = stmt_col_text(s, 6),
		.text = stmt_col_text(s, 7),
		.incident = stmt_col_text(s, 8),
		.status = parse_status(stmt_col_text(s, 9)),
		.attempts = stmt_col_int(s, 10),
		.reason = stmt_col_text(s, 11),
		.created_at = stmt_col_int(s, 12),
		.next_at = stmt_col_int(s, 13),
		.ended_at = stmt_col_int(s, 14),
	};
}

static int read_one(struct stmt *s, notice_fn fn, void *arg, struct err *err)
{
	int rc = stmt_step(s, err);

	if (rc == 1) {
		const struct notice_row row = read_notice(s);

		fn(&row, arg);
		stmt_reset(s);
	}
	return rc;
}

int notices_next(struct db *db, const char *receiver, const char *endpoint, notice_fn fn, void *arg,
		struct err *err)
{
	static const char sql[] = "SELECT " NOTICE_COLUMNS " FROM outbox"
				  " WHERE status = 'pending' AND receiver = :receiver"
				  " AND endpoint = :endpoint"
				  " ORDER BY next_at, id"
				  " LIMIT 1";
	struct stmt *s = db_stmt(db, sql);

	stmt_text(s, ":receiver", receiver);
	stmt_text(s, ":endpoint", endpoint);
	return read_one(s, fn, arg, err);
}

int notices_get(struct db *db, int64_t id, notice_fn fn, void *arg, struct err *err)
{
	static const char sql[] = "SELECT " NOTICE_COLUMNS " FROM outbox WHERE id = :id";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":id", id);
	return read_one(s, fn, arg, err);
}

int notices_attempt(struct db *db, int64_t id, int64_t next_at, struct err *err)
{
	static const char sql[] = "UPDATE outbox SET attempts = attempts + 1, next_at = :next_at"
				  " WHERE id = :id";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":id", id);
	stmt_int(s, ":next_at", next_at);
	return stmt_run(s, err);
}

int notices_again(struct db *db, int64_t id, int64_t next_at, const char *reason, struct err *err)
{
	static const char sql[] = "UPDATE outbox SET reason = :reason, next_at = :next_at"
				  " WHERE id = :id AND status = 'pending'";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":id", id);
	stmt_text(s, ":reason", reason);
	stmt_int(s, ":next_at", next_at);
	return stmt_run(s, err);
}

int notices_end(struct db *db, const struct notice_row *end, bool *ret_ended, struct err *err)
{
	static const char sql[] = "UPDATE outbox SET status = :status, reason = :reason,"
				  " ended_at = :ended_at"
				  " WHERE id = :id AND status = 'pending'";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":id", end->id);
	stmt_text(s, ":status", notice_status_names[end->status]);
	stmt_text(s, ":reason", end->reason);
	stmt_int(s, ":ended_at", end->ended_at);
	if (stmt_run(s, err) < 0) {
		return -1;
	}
	*ret_ended = db_changes(db) == 1;
	return 0;
}

int notices_waiting(struct db *db, void (*fn)(const char *receiver, const char *endpoint, void *),
		void *arg, struct err *err)
{
	static const char sql[] = "SELECT DISTINCT receiver, endpoint FROM outbox"
				  " WHERE status = 'pending'";
	struct stmt *s = db_stmt(db, sql);
	int rc;

	while ((rc = stmt_step(s, err)) == 1) {
		fn(stmt_col_text(s, 0), stmt_col_text(s, 1), arg);
	}
	return rc;
}

int notices_forsake(struct db *db, const struct notice_row *end, struct err *err)
{
	static const char sql[] = "UPDATE outbox SET status = 'failed', reason = :reason,"
				  " ended_at = :ended_at"
				  " WHERE status = 'pending' AND receiver = :receiver"
				  " AND endpoint = :endpoint";
	struct stmt *s = db_stmt(db, sql);

	stmt_text(s, ":receiver", end->receiver);
	stmt_text(s, ":endpoint", end->endpoint);
	stmt_text(s, ":reason", end->reason);
	stmt_int(s, ":ended_at", end->ended_at);
	return stmt_run(s, err);
}

int notices_of(struct db *db, int64_t incident_id, int64_t limit, notice_fn fn, void *arg,
		struct err *err)
{
	static const char sql[] = "SELECT " NOTICE_COLUMNS " FROM outbox"
				  " WHERE incident_id = :incident_id"
				  " ORDER BY id"
				  " LIMIT :limit";
	struct stmt *s = db_stmt(db, sql);
	int rc;

	stmt_int(s, ":incident_id", incident_id);
	stmt_int(s, ":limit", limit);
	while ((rc = stmt_step(s, err)) == 1) {
		const struct notice_row row = read_notice(s);

		fn(&row, arg);
	}
	return rc;
}

int notices_pending_count(struct db *db, int64_t *ret_count, struct err *err)
{
	static const char sql[] = "SELECT count(*) FROM outbox WHERE status = 'pending'";
	struct stmt *s = db_stmt(db, sql);

	if (stmt_step(s, err) < 0) {
		return -1;
	}
	*ret_count = stmt_col_int(s, 0);
	stmt_reset(s);
	return 0;
}
