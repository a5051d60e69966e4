/* SPDX-License-Identifier: Apache-2.0 */
#include "store/timeline.h"

#include <stdbool.h>

const char *const timeline_kind_names[TIMELINE_KINDS] = {
	[TIMELINE_OPENED] = "opened",
	[TIMELINE_REOPENED] = "reopened",
	[TIMELINE_JOINED] = "joined",
	[TIMELINE_LEFT] = "left",
	[TIMELINE_QUEUED] = "queued",
	[TIMELINE_ASKED] = "asked",
	[TIMELINE_APPROVED] = "approved",
	[TIMELINE_ENDED] = "ended",
	[TIMELINE_MITIGATED] = "mitigated",
	[TIMELINE_FIRED] = "fired",
	[TIMELINE_RESOLVED] = "resolved",
	[TIMELINE_ATTENTION] = "attention",
	[TIMELINE_ACKNOWLEDGED] = "acknowledged",
	[TIMELINE_NOTE] = "note",
	[TIMELINE_PAGED] = "raised",
	[TIMELINE_NOTIFIED] = "told",
	[TIMELINE_FOLLOW_UP] = "follow_up",
	[TIMELINE_CHECKED] = "checked",
	[TIMELINE_CHANGED] = "changed",
	[TIMELINE_CLOSED] = "closed",
	[TIMELINE_HELD] = "held",
	[TIMELINE_LIFTED] = "lifted",
};

/* The id behind an incident's last entry: the statement that adds the row finds it, since each
 * incident counts its own. */
#define NEXT                                     \
	"(SELECT coalesce(max(id), 0) + 1 AS id" \
	" FROM timeline"                         \
	" WHERE incident_id = :incident_id) AS next"

#define INSERT "INSERT INTO timeline (incident_id, id, at, kind, who, text, run_id) "

static const char add_any[] =
		INSERT "SELECT :incident_id, next.id, :at, :kind, :who, :text, :run_id"
		       " FROM " NEXT;

/* Once there are many, one more of this kind says that they are not listed any more. */
static const char add_alert[] =
		INSERT "SELECT :incident_id, next.id, :at, :kind, :who,"
		       " CASE WHEN next.id <= :limit THEN :text ELSE 'from here on such alerts are"
		       " counted, not listed: see the alerts of the incident' END, :run_id"
		       " FROM " NEXT " WHERE next.id <= :limit"
		       " OR NOT EXISTS (SELECT 1 FROM timeline"
		       " WHERE incident_id = :incident_id AND id > :limit AND kind = :kind)";

static const char add_first[] =
		INSERT "SELECT :incident_id, next.id, :at, :kind, :who, :text, :run_id"
		       " FROM " NEXT " WHERE EXISTS (SELECT 1 FROM incident"
		       " WHERE id = :incident_id AND attention IS NULL AND status <> 'closed')";

static struct stmt *bind(struct db *db, const char *sql, const struct timeline_row *row)
{
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":incident_id", row->incident_id);
	stmt_int(s, ":at", row->at);
	stmt_text(s, ":kind", timeline_kind_names[row->kind]);
	stmt_text(s, ":who", row->who);
	stmt_text(s, ":text", row->text);
	stmt_int_or_null(s, ":run_id", row->run_id);
	return s;
}

int timeline_add(struct db *db, const struct timeline_row *row, struct err *err)
{
	bool is_alert = row->kind == TIMELINE_JOINED || row->kind == TIMELINE_LEFT;
	const char *sql = is_alert                          ? add_alert
			  : row->kind == TIMELINE_ATTENTION ? add_first
							    : add_any;
	struct stmt *s = bind(db, sql, row);

	if (is_alert) {
		stmt_int(s, ":limit", TIMELINE_ALERTS_MAX);
	}
	return stmt_run(s, err);
}

int timeline_add_note(
		struct db *db, const struct timeline_row *row, int64_t *ret_id, struct err *err)
{
	/* The id counts within the incident: it is not the key that stmt_insert() knows. */
	static const char sql[] =
			INSERT "SELECT :incident_id, next.id, :at, :kind, :who, :text, :run_id"
			       " FROM " NEXT " RETURNING id";

	return stmt_insert(bind(db, sql, row), ret_id, err) < 0 ? -1 : 0;
}

int timeline_list(struct db *db, const struct timeline_query *query, timeline_fn fn, void *arg,
		struct err *err)
{
	static const char sql[] = "SELECT id, at, kind, who, text, run_id"
				  " FROM timeline"
				  " WHERE incident_id = :incident_id AND id > :after"
				  " ORDER BY id"
				  " LIMIT :limit";
	struct stmt *s = db_stmt(db, sql);
	int rc;

	stmt_int(s, ":incident_id", query->incident_id);
	stmt_int(s, ":after", query->after);
	stmt_int(s, ":limit", query->limit);
	while ((rc = stmt_step(s, err)) == 1) {
		const struct timeline_row row = {
			.incident_id = query->incident_id,
			.id = stmt_col_int(s, 0),
			.at = stmt_col_int(s, 1),
			.kind_name = stmt_col_text(s, 2),
			.who = stmt_col_text(s, 3),
			.text = stmt_col_text(s, 4),
			.run_id = stmt_col_int(s, 5),
		};

		fn(&row, arg);
	}
	return rc;
}
