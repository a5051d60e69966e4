/* SPDX-License-Identifier: Apache-2.0 */
#include "store/deliveries.h"

int deliveries_add(struct db *db, const struct delivery_row *row, int64_t *ret_id, struct err *err)
{
	static const char sql[] =
			"INSERT INTO delivery (received_at, principal, external_url, receiver,"
			" group_key, notification_reason, alerts, truncated, replay_of, body_hash,"
			" body, note)"
			" VALUES (:received_at, :principal, :external_url, :receiver,"
			" :group_key, :notification_reason, :alerts, :truncated, :replay_of,"
			" :body_hash, :body, :note)";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":received_at", row->received_at);
	stmt_text(s, ":principal", row->principal);
	stmt_text(s, ":external_url", row->external_url);
	stmt_text(s, ":receiver", row->receiver);
	stmt_text(s, ":group_key", row->group_key);
	stmt_text(s, ":notification_reason", row->notification_reason);
	stmt_int(s, ":alerts", row->alerts);
	stmt_int(s, ":truncated", row->truncated);
	stmt_int_or_null(s, ":replay_of", row->replay_of);
	stmt_blob(s, ":body_hash", row->body_hash, DIGEST_SIZE);
	stmt_blob(s, ":body", row->body, row->body_len);
	stmt_text(s, ":note", row->note);
	return stmt_insert(s, ret_id, err) < 0 ? -1 : 0;
}

#define DELIVERY_COLUMNS                                                                      \
	"id, received_at, principal, external_url, receiver, group_key, notification_reason," \
	" alerts, truncated, replay_of, body_hash, note"

static struct delivery_row read_delivery(struct stmt *s)
{
	size_t len;

	return (struct delivery_row){
		.id = stmt_col_int(s, 0),
		.received_at = stmt_col_int(s, 1),
		.principal = stmt_col_text(s, 2),
		.external_url = stmt_col_text(s, 3),
		.receiver = stmt_col_text(s, 4),
		.group_key = stmt_col_text(s, 5),
		.notification_reason = stmt_col_text(s, 6),
		.alerts = stmt_col_int(s, 7),
		.truncated = stmt_col_int(s, 8),
		.replay_of = stmt_col_int(s, 9),
		.body_hash = stmt_col_blob(s, 10, &len),
		.note = stmt_col_text(s, 11),
	};
}

int deliveries_get(struct db *db, int64_t id, delivery_fn fn, void *arg, struct err *err)
{
	static const char sql[] = "SELECT " DELIVERY_COLUMNS ", body"
				  " FROM delivery"
				  " WHERE id = :id";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":id", id);

	int rc = stmt_step(s, err);

	if (rc == 1) {
		struct delivery_row row = read_delivery(s);

		row.body = stmt_col_blob(s, 12, &row.body_len);
		fn(&row, arg);
		stmt_reset(s);
	}
	return rc;
}

int deliveries_received_at(struct db *db, int64_t id, int64_t *ret_at, struct err *err)
{
	static const char sql[] = "WITH RECURSIVE told (at, replay_of) AS ("
				  " SELECT received_at, replay_of FROM delivery WHERE id = :id"
				  " UNION SELECT d.received_at, d.replay_of FROM told"
				  " JOIN delivery AS d ON d.id = told.replay_of)"
				  " SELECT min(at) FROM told";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":id", id);
	if (stmt_step(s, err) < 0) {
		return -1;
	}
	*ret_at = stmt_col_int(s, 0);
	stmt_reset(s);
	return 0;
}

int deliveries_list(struct db *db, int64_t before, int64_t limit, delivery_fn fn, void *arg,
		struct err *err)
{
	static const char sql[] = "SELECT " DELIVERY_COLUMNS " FROM delivery"
				  " WHERE id < :before"
				  " ORDER BY id DESC"
				  " LIMIT :limit";
	struct stmt *s = db_stmt(db, sql);
	int rc;

	stmt_int(s, ":before", before ? before : INT64_MAX);
	stmt_int(s, ":limit", limit);
	while ((rc = stmt_step(s, err)) == 1) {
		struct delivery_row row = read_delivery(s);

		fn(&row, arg);
	}
	return rc;
}

int decisions_add(struct db *db, const struct decision_row *row, struct err *err)
{
	static const char sql[] =
			"INSERT INTO decision (delivery_id, position, at, fingerprint, alertname,"
			" decision, reason, playbook, incident_id, run_id)"
			" VALUES (:delivery_id, :position, :at, :fingerprint, :alertname,"
			" :decision, :reason, :playbook, :incident_id, :run_id)";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":delivery_id", row->delivery_id);
	stmt_int(s, ":position", row->position);
	stmt_int(s, ":at", row->at);
	stmt_text(s, ":fingerprint", row->fingerprint);
	stmt_text(s, ":alertname", row->alertname);
	stmt_text(s, ":decision", row->decision);
	stmt_text(s, ":reason", row->reason);
	stmt_text(s, ":playbook", row->playbook);
	stmt_int_or_null(s, ":incident_id", row->incident_id);
	stmt_int_or_null(s, ":run_id", row->run_id);
	return stmt_run(s, err);
}

#define DECISION_COLUMNS                                                                 \
	"delivery_id, position, at, fingerprint, alertname, decision, reason, playbook," \
	" incident_id, run_id"

static int each_decision(struct stmt *s, decision_fn fn, void *arg, struct err *err)
{
	int rc;

	while ((rc = stmt_step(s, err)) == 1) {
		struct decision_row row = {
			.delivery_id = stmt_col_int(s, 0),
			.position = stmt_col_int(s, 1),
			.at = stmt_col_int(s, 2),
			.fingerprint = stmt_col_text(s, 3),
			.alertname = stmt_col_text(s, 4),
			.decision = stmt_col_text(s, 5),
			.reason = stmt_col_text(s, 6),
			.playbook = stmt_col_text(s, 7),
			.incident_id = stmt_col_int(s, 8),
			.run_id = stmt_col_int(s, 9),
		};

		fn(&row, arg);
	}
	return rc;
}

int decisions_next(struct db *db, int64_t delivery_id, int64_t *ret_position, struct err *err)
{
	static const char sql[] = "SELECT coalesce(max(position) + 1, 0) FROM decision"
				  " WHERE delivery_id = :delivery_id";
	struct stmt *s = db_stmt(db, sql);
	int rc;

	stmt_int(s, ":delivery_id", delivery_id);
	rc = stmt_step(s, err);
	if (rc == 1) {
		*ret_position = stmt_col_int(s, 0);
		stmt_reset(s);
	}
	return rc < 0 ? -1 : 0;
}

int decisions_of(struct db *db, int64_t delivery_id, decision_fn fn, void *arg, struct err *err)
{
	static const char sql[] = "SELECT " DECISION_COLUMNS " FROM decision"
				  " WHERE delivery_id = :delivery_id"
				  " ORDER BY position";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":delivery_id", delivery_id);
	return each_decision(s, fn, arg, err);
}

int decisions_about(struct db *db, int64_t incident_id, int64_t limit, decision_fn fn, void *arg,
		struct err *err)
{
	static const char sql[] = "SELECT " DECISION_COLUMNS " FROM decision"
				  " WHERE fingerprint IN (SELECT fingerprint FROM episode"
				  " WHERE incident_id = :incident_id)"
				  " AND incident_id = :incident_id"
				  " ORDER BY delivery_id, position"
				  " LIMIT :limit";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":incident_id", incident_id);
	stmt_int(s, ":limit", limit);
	return each_decision(s, fn, arg, err);
}

#define DECISION_PAGE                                                         \
	" AND (:decision IS NULL OR decision = :decision)"                    \
	" AND (delivery_id, position) < (:before_delivery, :before_position)" \
	" AND delivery_id > :after_delivery"                                  \
	" ORDER BY delivery_id DESC, position DESC"                           \
	" LIMIT :limit"

int decisions_list(struct db *db, const struct decision_query *query, decision_fn fn, void *arg,
		struct err *err)
{
	static const char all[] = "SELECT " DECISION_COLUMNS " FROM decision WHERE 1" DECISION_PAGE;
	static const char of_one[] = "SELECT " DECISION_COLUMNS " FROM decision"
				     " WHERE fingerprint = :fingerprint" DECISION_PAGE;
	struct stmt *s = db_stmt(db, query->fingerprint ? of_one : all);

	if (query->fingerprint) {
		stmt_text(s, ":fingerprint", query->fingerprint);
	}
	stmt_text(s, ":decision", query->decision);
	stmt_int(s, ":before_delivery",
			query->before_delivery ? query->before_delivery : INT64_MAX);
	stmt_int(s, ":before_position", query->before_position);
	stmt_int(s, ":after_delivery", query->after_delivery);
	stmt_int(s, ":limit", query->limit);
	return each_decision(s, fn, arg, err);
}
