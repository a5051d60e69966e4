/* SPDX-License-Identifier: Apache-2.0 */
#include "store/cuts.h"

#define COLUMNS                                                                \
	"SELECT delivery_id, incident_id, at, alerts, external_url, receiver," \
	" group_key, group_labels, stated_at FROM cut_delivery"

int cuts_add(struct db *db, const struct cut_row *row, struct err *err)
{
	static const char sql[] =
			"INSERT INTO cut_delivery (delivery_id, incident_id, at, alerts,"
			" external_url, receiver, group_key, group_labels)"
			" VALUES (:delivery, :incident, :at, :alerts, :external_url, :receiver,"
			" :group_key, :group_labels)"
			" ON CONFLICT DO NOTHING";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":delivery", row->delivery_id);
	stmt_int(s, ":incident", row->incident_id);
	stmt_int(s, ":at", row->at);
	stmt_int(s, ":alerts", row->alerts);
	stmt_text(s, ":external_url", row->external_url);
	stmt_text(s, ":receiver", row->receiver);
	stmt_text(s, ":group_key", row->group_key);
	stmt_text(s, ":group_labels", row->group_labels);
	return stmt_run(s, err);
}

static int read_all(struct stmt *s, cut_fn fn, void *arg, struct err *err)
{
	int rc;

	while ((rc = stmt_step(s, err)) == 1) {
		const struct cut_row row = {
			.delivery_id = stmt_col_int(s, 0),
			.incident_id = stmt_col_int(s, 1),
			.at = stmt_col_int(s, 2),
			.alerts = stmt_col_int(s, 3),
			.external_url = stmt_col_text(s, 4),
			.receiver = stmt_col_text(s, 5),
			.group_key = stmt_col_text(s, 6),
			.group_labels = stmt_col_text(s, 7),
			.stated_at = stmt_col_int(s, 8),
		};

		fn(&row, arg);
	}
	return rc;
}

int cuts_each(struct db *db, int64_t limit, cut_fn fn, void *arg, struct err *err)
{
	static const char sql[] = COLUMNS " ORDER BY delivery_id, incident_id LIMIT :limit";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":limit", limit);
	return read_all(s, fn, arg, err);
}

int cuts_of(struct db *db, int64_t delivery_id, cut_fn fn, void *arg, struct err *err)
{
	static const char sql[] = COLUMNS " WHERE delivery_id = :delivery ORDER BY incident_id";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":delivery", delivery_id);
	return read_all(s, fn, arg, err);
}

int cuts_stated(struct db *db, const struct cut_row *row, int64_t now, struct err *err)
{
	static const char sql[] = "UPDATE cut_delivery"
				  " SET stated_at = :now"
				  " WHERE delivery_id = :delivery AND incident_id = :incident";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":delivery", row->delivery_id);
	stmt_int(s, ":incident", row->incident_id);
	stmt_int(s, ":now", now);
	return stmt_run(s, err);
}

int cuts_done(struct db *db, int64_t delivery_id, struct err *err)
{
	static const char sql[] = "DELETE FROM cut_delivery WHERE delivery_id = :delivery";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":delivery", delivery_id);
	return stmt_run(s, err);
}
