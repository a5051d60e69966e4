/* SPDX-License-Identifier: Apache-2.0 */
#include "store/escalations.h"

#include "domain/incident.h"

#define COLUMNS                                                                                   \
	"SELECT e.incident_id, e.generation, e.called, e.failed, e.due_at, e.wait_ms,"            \
	" e.update_at, e.update_ms, e.updates, e.ended_at, i.status, i.level, i.acknowledged_at," \
	" i.attention, i.labels, i.held"                                                          \
	" FROM escalation e"                                                                      \
	" JOIN incident i ON i.id = e.incident_id AND i.generation = e.generation"

/* What failed is due at once. */
static int64_t look_at(const struct escalation_row *row)
{
	int64_t chain = row->failed ? 1 : row->chain.due_at;
	int64_t update = row->update.due_at;

	return !chain || (update && update < chain) ? update : chain;
}

int escalations_put(struct db *db, const struct escalation_row *row, struct err *err)
{
	static const char sql[] =
			"INSERT INTO escalation (incident_id, generation, called, failed, due_at,"
			" wait_ms, update_at, update_ms, updates, ended_at, look_at)"
			" VALUES (:incident, :generation, :called, :failed, :due_at, :wait_ms,"
			" :update_at, :update_ms, :updates, :ended_at, :look_at)"
			" ON CONFLICT (incident_id) DO UPDATE"
			" SET generation = excluded.generation, called = excluded.called,"
			" failed = excluded.failed, due_at = excluded.due_at,"
			" wait_ms = excluded.wait_ms, update_at = excluded.update_at,"
			" update_ms = excluded.update_ms, updates = excluded.updates,"
			" ended_at = excluded.ended_at, look_at = excluded.look_at";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":incident", row->incident_id);
	stmt_int(s, ":generation", row->times_opened);
	stmt_text(s, ":called", escalation_level_name(row->paged_level));
	stmt_text(s, ":failed", row->failed);
	stmt_int_or_null(s, ":due_at", row->chain.due_at);
	stmt_int(s, ":wait_ms", row->chain.wait_ms);
	stmt_int_or_null(s, ":update_at", row->update.due_at);
	stmt_int(s, ":update_ms", row->update.wait_ms);
	stmt_int(s, ":updates", row->updates);
	stmt_int_or_null(s, ":ended_at", row->ended_at);
	stmt_int_or_null(s, ":look_at", look_at(row));
	return stmt_run(s, err);
}

static struct escalation_row read_row(struct stmt *s)
{
	return (struct escalation_row){
		.incident_id = stmt_col_int(s, 0),
		.times_opened = stmt_col_int(s, 1),
		.paged_level = escalation_level_parse(stmt_col_text(s, 2)),
		.failed = stmt_col_text(s, 3),
		.chain = { stmt_col_int(s, 4), stmt_col_int(s, 5) },
		.update = { stmt_col_int(s, 6), stmt_col_int(s, 7) },
		.updates = stmt_col_int(s, 8),
		.ended_at = stmt_col_int(s, 9),
		.status = (uint8_t)incident_status_parse(stmt_col_text(s, 10)),
		.level = escalation_level_parse(stmt_col_text(s, 11)),
		.acknowledged = stmt_col_int(s, 12) != 0,
		.attention = stmt_col_text(s, 13),
		.labels = stmt_col_text(s, 14),
		.held = stmt_col_text(s, 15) != NULL,
	};
}

static int read_all(struct stmt *s, escalation_fn fn, void *arg, struct err *err)
{
	int rc;

	while ((rc = stmt_step(s, err)) == 1) {
		const struct escalation_row row = read_row(s);

		fn(&row, arg);
	}
	return rc;
}

int escalations_get(
		struct db *db, int64_t incident_id, escalation_fn fn, void *arg, struct err *err)
{
	static const char sql[] = COLUMNS " WHERE e.incident_id = :incident";
	struct stmt *s = db_stmt(db, sql);
	int rc;

	stmt_int(s, ":incident", incident_id);
	rc = stmt_step(s, err);
	if (rc == 1) {
		const struct escalation_row row = read_row(s);

		fn(&row, arg);
		stmt_reset(s);
	}
	return rc;
}

int escalations_failed(struct db *db, int64_t incident_id, const char *why, struct err *err)
{
	static const char sql[] = "UPDATE escalation"
				  " SET failed = coalesce(failed, :why), look_at = 1"
				  " WHERE incident_id = :incident AND ended_at IS NULL";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":incident", incident_id);
	stmt_text(s, ":why", why);
	return stmt_run(s, err);
}

int escalations_touch(struct db *db, int64_t incident_id, int64_t now, struct err *err)
{
	static const char sql[] = "UPDATE escalation"
				  " SET due_at = :now, wait_ms = 0, look_at = :now"
				  " WHERE incident_id = :incident AND ended_at IS NULL";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":incident", incident_id);
	stmt_int(s, ":now", now);
	return stmt_run(s, err);
}

int escalations_adopt(struct db *db, int64_t now, const int64_t holds_ms[ESCALATION_LEVELS + 1],
		struct err *err)
{
	static const char *const holds[ESCALATION_LEVELS + 1] = { ":none", ":l1", ":l2", ":l3",
		":l4" };
	static const char sql[] =
			"INSERT INTO escalation (incident_id, generation, due_at, wait_ms,"
			" update_ms, updates, look_at)"
			" SELECT id, generation, :now + hold, hold, 0, 0, :now + hold"
			" FROM (SELECT i.id, i.generation, CASE i.level WHEN 'L1' THEN :l1"
			" WHEN 'L2' THEN :l2 WHEN 'L3' THEN :l3 WHEN 'L4' THEN :l4"
			" ELSE :none END AS hold"
			" FROM incident i"
			" WHERE i.status = 'firing' AND NOT EXISTS (SELECT 1 FROM escalation e"
			" WHERE e.incident_id = i.id AND e.generation = i.generation"
			" AND (e.called IS NOT NULL OR e.look_at IS NOT NULL)))"
			" WHERE TRUE"
			" ON CONFLICT (incident_id) DO UPDATE"
			" SET generation = excluded.generation, called = NULL, failed = NULL,"
			" due_at = excluded.due_at, wait_ms = excluded.wait_ms, update_at = NULL,"
			" updates = 0, ended_at = NULL, look_at = excluded.look_at";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":now", now);
	for (size_t i = 0; i <= ESCALATION_LEVELS; i++) {
		stmt_int(s, holds[i], holds_ms[i]);
	}
	return stmt_run(s, err);
}

int escalations_due(struct db *db, int64_t now, int64_t limit, escalation_fn fn, void *arg,
		struct err *err)
{
	static const char sql[] = COLUMNS " WHERE e.look_at <= :now"
					  " ORDER BY e.look_at, e.incident_id"
					  " LIMIT :limit";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":now", now);
	stmt_int(s, ":limit", limit);
	return read_all(s, fn, arg, err);
}

int escalations_next(struct db *db, int64_t now, int64_t *ret_at, struct err *err)
{
	static const char sql[] = "SELECT min(look_at) FROM escalation WHERE look_at > :now";
	struct stmt *s = db_stmt(db, sql);
	int rc;

	stmt_int(s, ":now", now);
	rc = stmt_step(s, err);
	if (rc == 1) {
		*ret_at = stmt_col_int(s, 0);
		stmt_reset(s);
	}
	return rc < 0 ? -1 : 0;
}

int escalations_firing(struct db *db, int64_t limit, escalation_fn fn, void *arg, struct err *err)
{
	static const char sql[] = COLUMNS " WHERE i.status = 'firing' AND e.called IS NOT NULL"
					  " AND i.hold IS NULL"
					  " ORDER BY e.incident_id DESC"
					  " LIMIT :limit";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":limit", limit);
	return read_all(s, fn, arg, err);
}
