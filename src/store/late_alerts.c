/* SPDX-License-Identifier: Apache-2.0 */
#include "store/late_alerts.h"

int late_alerts_add(struct db *db, const struct late_alert_row *row, int64_t *ret_due_at,
		struct err *err)
{
	static const char sql[] =
			"INSERT INTO late_alert (identity, due_at, delivery_id, principal,"
			" fingerprint, labels, annotations, generator_url, starts_at)"
			" VALUES (:identity, :due_at, :delivery_id, :principal, :fingerprint,"
			" :labels, :annotations, :generator_url, :starts_at)"
			" ON CONFLICT (identity) DO UPDATE SET due_at = late_alert.due_at"
			" RETURNING due_at";
	struct stmt *s = db_stmt(db, sql);

	stmt_blob(s, ":identity", row->identity, DIGEST_SIZE);
	stmt_int(s, ":due_at", row->due_at);
	stmt_int(s, ":delivery_id", row->delivery_id);
	stmt_text(s, ":principal", row->principal);
	stmt_text(s, ":fingerprint", row->fingerprint);
	stmt_text(s, ":labels", row->labels);
	stmt_text(s, ":annotations", row->annotations);
	stmt_text(s, ":generator_url", row->generator_url);
	stmt_int(s, ":starts_at", row->starts_at);
	return stmt_insert(s, ret_due_at, err) < 0 ? -1 : 0;
}

int late_alerts_remove(struct db *db, const uint8_t identity[DIGEST_SIZE], struct err *err)
{
	static const char sql[] = "DELETE FROM late_alert WHERE identity = :identity";
	struct stmt *s = db_stmt(db, sql);

	stmt_blob(s, ":identity", identity, DIGEST_SIZE);
	return stmt_run(s, err);
}

int late_alerts_due(struct db *db, int64_t now, late_alert_fn fn, void *arg, struct err *err)
{
	static const char sql[] = "SELECT identity, due_at, delivery_id, principal, fingerprint,"
				  " labels, annotations, generator_url, starts_at"
				  " FROM late_alert"
				  " WHERE due_at <= :now"
				  " ORDER BY due_at"
				  " LIMIT 1";
	struct stmt *s = db_stmt(db, sql);
	size_t len;
	int rc;

	stmt_int(s, ":now", now);
	rc = stmt_step(s, err);
	if (rc == 1) {
		const struct late_alert_row row = {
			.identity = stmt_col_blob(s, 0, &len),
			.due_at = stmt_col_int(s, 1),
			.delivery_id = stmt_col_int(s, 2),
			.principal = stmt_col_text(s, 3),
			.fingerprint = stmt_col_text(s, 4),
			.labels = stmt_col_text(s, 5),
			.annotations = stmt_col_text(s, 6),
			.generator_url = stmt_col_text(s, 7),
			.starts_at = stmt_col_int(s, 8),
		};

		fn(&row, arg);
		stmt_reset(s);
	}
	return rc;
}

int late_alerts_first(struct db *db, int64_t latest, int64_t *ret_due_at, struct err *err)
{
	static const char cap[] = "UPDATE late_alert SET due_at = :latest WHERE due_at > :latest";
	static const char sql[] = "SELECT coalesce(min(due_at), 0) FROM late_alert";
	struct stmt *s = db_stmt(db, cap);
	int rc;

	stmt_int(s, ":latest", latest);
	if (stmt_run(s, err) < 0) {
		return -1;
	}
	s = db_stmt(db, sql);
	rc = stmt_step(s, err);
	if (rc == 1) {
		*ret_due_at = stmt_col_int(s, 0);
		stmt_reset(s);
	}
	return rc < 0 ? -1 : 0;
}
