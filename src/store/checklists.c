/* SPDX-License-Identifier: Apache-2.0 */
#include "store/checklists.h"

static int run_changes(struct db *db, struct stmt *s, bool *ret_changed, struct err *err)
{
	if (stmt_run(s, err) < 0) {
		return -1;
	}
	*ret_changed = db_changes(db) > 0;
	return 0;
}

int checklists_done(struct db *db, const struct checklist_row *row, bool *ret_new, struct err *err)
{
	static const char sql[] = "INSERT INTO checklist (incident_id, item, at, who, note)"
				  " VALUES (:incident_id, :item, :at, :who, :note)"
				  " ON CONFLICT (incident_id, item) DO NOTHING";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":incident_id", row->incident_id);
	stmt_text(s, ":item", checklist_names[row->item]);
	stmt_int(s, ":at", row->at);
	stmt_text(s, ":who", row->who);
	stmt_text(s, ":note", row->note);
	return run_changes(db, s, ret_new, err);
}

int checklists_undone(
		struct db *db, const struct checklist_row *row, bool *ret_was, struct err *err)
{
	static const char sql[] = "DELETE FROM checklist"
				  " WHERE incident_id = :incident_id AND item = :item";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":incident_id", row->incident_id);
	stmt_text(s, ":item", checklist_names[row->item]);
	return run_changes(db, s, ret_was, err);
}

int checklists_of(struct db *db, int64_t incident_id, checklist_fn fn, void *arg, struct err *err)
{
	static const char sql[] = "SELECT item, at, who, note"
				  " FROM checklist"
				  " WHERE incident_id = :incident_id";
	struct stmt *s = db_stmt(db, sql);
	int rc;

	stmt_int(s, ":incident_id", incident_id);
	while ((rc = stmt_step(s, err)) == 1) {
		const struct checklist_row row = {
			.incident_id = incident_id,
			.item = (uint8_t)checklist_parse(stmt_col_text(s, 0)),
			.at = stmt_col_int(s, 1),
			.who = stmt_col_text(s, 2),
			.note = stmt_col_text(s, 3),
		};

		fn(&row, arg);
	}
	return rc;
}
