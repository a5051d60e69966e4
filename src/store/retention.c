/* SPDX-License-Identifier: Apache-2.0 */
#include "store/retention.h"

#include <stddef.h>

/* All runs that ended before :before, oldest first. */
#define OLD_RUNS                                                               \
	"SELECT id FROM run"                                                   \
	" WHERE queued_at < :before AND finished_at < :before"                 \
	" AND id < (SELECT max(id) FROM run)"                                  \
	" AND (incident_id IS NULL OR incident_id IN (SELECT id FROM incident" \
	" WHERE status IN ('resolved', 'closed')))"                            \
	" ORDER BY queued_at"

/* Incidents that were over before :before and have no run any more. */
#define OLD_INCIDENTS                                                  \
	"SELECT id FROM incident AS i"                                 \
	" WHERE status IN ('resolved', 'closed')"                      \
	" AND coalesce(closed_at, resolved_at) < :before"              \
	" AND id < (SELECT max(id) FROM incident)"                     \
	" AND NOT EXISTS (SELECT 1 FROM run WHERE incident_id = i.id)" \
	" AND id NOT IN (SELECT incident_id FROM follow_up"            \
	" WHERE id = (SELECT max(id) FROM follow_up))"                 \
	" ORDER BY id"                                                 \
	" LIMIT :batch"

/* Deliveries from before :before that no open episode needs. */
#define OLD_DELIVERIES                                                                  \
	"SELECT id FROM delivery"                                                       \
	" WHERE received_at < :before"                                                  \
	" AND id < (SELECT max(id) FROM delivery)"                                      \
	" AND id NOT IN (SELECT last_delivery_id FROM episode WHERE status = 'firing')" \
	" ORDER BY id"                                                                  \
	" LIMIT :batch"

/* Runs that go. */
struct picked {
	retention_fn fn; /* may it go? */
	void *arg;
	int64_t ids[RETENTION_BATCH];
	size_t len;
};

/* One statement of a row of deletions; returns how many rows of it went. */
static int64_t delete_some(struct db *db, const char *sql, int64_t before, struct err *err)
{
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":before", before);
	stmt_int(s, ":batch", RETENTION_BATCH);
	return stmt_run(s, err) < 0 ? -1 : db_changes(db);
}

/* All of a row of deletions, the last of which removes what the others hung on. */
static int64_t delete_all(struct db *db, const char *const *sql, int64_t before, struct err *err)
{
	int64_t gone = 0;

	for (; *sql; sql++) {
		gone = delete_some(db, *sql, before, err);
		if (gone < 0) {
			return -1;
		}
	}
	return gone;
}

/* Up to RETENTION_BATCH runs that may go, into ids. Looks past those that may not. */
static int pick_runs(struct db *db, int64_t before, struct picked *ret, struct err *err)
{
	static const char sql[] = OLD_RUNS;
	struct stmt *s = db_stmt(db, sql);
	enum retention_answer answer = RETENTION_GONE;
	int rc = 1;

	stmt_int(s, ":before", before);
	while (ret->len < RETENTION_BATCH && answer != RETENTION_STOP &&
			(rc = stmt_step(s, err)) == 1) {
		int64_t id = stmt_col_int(s, 0);

		answer = ret->fn(id, ret->arg);
		if (answer == RETENTION_GONE) {
			ret->ids[ret->len++] = id;
		}
	}
	stmt_reset(s);
	return rc < 0 ? -1 : 0;
}

static int delete_run(struct db *db, int64_t id, struct err *err)
{
	static const char *const rows[] = {
		"DELETE FROM output WHERE run_id = :id",
		"DELETE FROM step WHERE run_id = :id",
		"DELETE FROM run_param WHERE run_id = :id",
		"DELETE FROM approval WHERE run_id = :id",
		"DELETE FROM run_also WHERE run_id = :id",
		"DELETE FROM run WHERE id = :id",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stmt *s = db_stmt(db, rows[i]);

		stmt_int(s, ":id", id);
		if (stmt_run(s, err) < 0) {
			return -1;
		}
	}
	return 0;
}

/* Returns how many went. */
static int delete_runs(struct db *db, int64_t before, struct picked *picked, struct err *err)
{
	if (pick_runs(db, before, picked, err) < 0) {
		return -1;
	}
	for (size_t i = 0; i < picked->len; i++) {
		if (delete_run(db, picked->ids[i], err) < 0) {
			return -1;
		}
	}
	return (int)picked->len;
}

/* Each is a row of deletions. */
static const char *const incidents[] = {
	"DELETE FROM timeline WHERE incident_id IN (" OLD_INCIDENTS ")",
	"DELETE FROM checklist WHERE incident_id IN (" OLD_INCIDENTS ")",
	"DELETE FROM run_also WHERE incident_id IN (" OLD_INCIDENTS ")",
	"DELETE FROM episode WHERE incident_id IN (" OLD_INCIDENTS ")",
	"DELETE FROM target_call WHERE incident_id IN (" OLD_INCIDENTS ")",
	"DELETE FROM follow_up WHERE incident_id IN (" OLD_INCIDENTS ")",
	"DELETE FROM escalation WHERE incident_id IN (" OLD_INCIDENTS ")",
	"DELETE FROM raise WHERE incident_id IN (" OLD_INCIDENTS ")",
	"DELETE FROM told WHERE incident_id IN (" OLD_INCIDENTS ")",
	"DELETE FROM incident WHERE id IN (" OLD_INCIDENTS ")",
	NULL,
};
static const char *const deliveries[] = {
	"DELETE FROM decision WHERE delivery_id IN (" OLD_DELIVERIES ")",
	"DELETE FROM delivery WHERE id IN (" OLD_DELIVERIES ")",
	NULL,
};
static const char *const episodes[] = {
	"DELETE FROM episode WHERE id IN (SELECT id FROM episode"
	" WHERE incident_id IS NULL AND status = 'resolved' AND last_seen < :before"
	" AND id < (SELECT max(id) FROM episode) LIMIT :batch)",
	NULL,
};
static const char *const rejected[] = {
	"DELETE FROM rejected_body WHERE id IN (SELECT id FROM rejected_body"
	" WHERE last_at < :before AND id < (SELECT max(id) FROM rejected_body)"
	" LIMIT :batch)",
	NULL,
};
static const char *const orders[] = {
	"DELETE FROM idempotency WHERE (principal, route, key) IN"
	" (SELECT principal, route, key FROM idempotency"
	" WHERE at < :before LIMIT :batch)",
	NULL,
};
static const char *const senders[] = {
	"DELETE FROM upstream_sender WHERE (alertmanager, external_url) IN"
	" (SELECT alertmanager, external_url FROM upstream_sender"
	" WHERE at < :before LIMIT :batch)",
	NULL,
};
/* After the incident that they are about; what is pending is never old. */
static const char *const notices[] = {
	"DELETE FROM outbox WHERE id IN (SELECT id FROM outbox AS o"
	" WHERE status <> 'pending' AND created_at < :before"
	" AND id < (SELECT max(id) FROM outbox)"
	" AND NOT EXISTS (SELECT 1 FROM incident WHERE id = o.incident_id)"
	" ORDER BY id LIMIT :batch)",
	NULL,
};
/* Only from the oldest on: what is left has to be a chain still. */
static const char *const audits[] = {
	"DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE id < coalesce("
	" (SELECT id FROM audit WHERE at >= :before ORDER BY id LIMIT 1),"
	" (SELECT max(id) FROM audit)) ORDER BY id LIMIT :batch)",
	NULL,
};
/* In this order. */
static const char *const *const sweeps[] = { incidents, deliveries, episodes, rejected, orders,
	senders, notices, audits };

int retention_sweep(struct db *db, int64_t before, retention_fn fn, void *arg, struct err *err)
{
	struct picked picked = { .fn = fn, .arg = arg };
	int runs = delete_runs(db, before, &picked, err);

	if (runs != 0) {
		return runs;
	}
	for (size_t i = 0; i < sizeof(sweeps) / sizeof(sweeps[0]); i++) {
		int64_t gone = delete_all(db, sweeps[i], before, err);

		if (gone != 0) {
			return (int)gone;
		}
	}
	return 0;
}
