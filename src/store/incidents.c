#include "store/incidents.h"

int incidents_add(struct db *db, const struct incident_row *row, int64_t *ret_id, struct err *err)
{
	static const char sql[] =
			"INSERT INTO incident (status, title, level, severity, service, playbook,"
			" labels, annotations, group_hash, generation, firing, attention, "
			"opened_at)"
			" VALUES ('firing', :title, :level, :severity, :service, :playbook,"
			" :labels, :annotations, :group_hash, 1, 0, :attention, :opened_at)";
	struct stmt *s = db_stmt(db, sql);

	stmt_text(s, ":title", row->title);
	stmt_text(s, ":level", row->level);
	stmt_text(s, ":severity", row->severity);
	stmt_text(s, ":service", row->service);
	stmt_text(s, ":playbook", row->playbook);
	stmt_text(s, ":labels", row->labels);
	stmt_text(s, ":annotations", row->annotations);
	stmt_blob(s, ":group_hash", row->group_hash, DIGEST_SIZE);
	stmt_text(s, ":attention", row->attention);
	stmt_int(s, ":opened_at", row->opened_at);
	if (stmt_run(s, err) < 0) {
		return -1;
	}
	*ret_id = db_last_id(db);
	return 0;
}

/* Read the one row of facts that s gives, if any. */
static int read_facts(struct stmt *s, struct incident_facts *ret, struct err *err)
{
	int rc = stmt_step(s, err);

	*ret = (struct incident_facts){ 0 };
	if (rc == 1) {
		ret->id = stmt_col_int(s, 0);
		ret->status = (uint8_t)incident_status_parse(stmt_col_text(s, 1));
		ret->generation = stmt_col_int(s, 2);
		ret->firing = stmt_col_int(s, 3);
		stmt_reset(s);
	}
	return rc < 0 ? -1 : 0;
}

int incidents_of_group(struct db *db, const uint8_t group_hash[DIGEST_SIZE], int64_t resolved_since,
		struct incident_facts *ret, struct err *err)
{
	static const char sql[] = "SELECT id, status, generation, firing"
				  " FROM incident"
				  " WHERE group_hash = :group_hash"
				  " AND (status IN ('firing', 'mitigated')"
				  " OR (status = 'resolved' AND resolved_at >= :resolved_since))"
				  " ORDER BY id DESC"
				  " LIMIT 1";
	struct stmt *s = db_stmt(db, sql);

	stmt_blob(s, ":group_hash", group_hash, DIGEST_SIZE);
	stmt_int(s, ":resolved_since", resolved_since);
	return read_facts(s, ret, err);
}

int incidents_facts(struct db *db, int64_t id, struct incident_facts *ret, struct err *err)
{
	static const char sql[] = "SELECT id, status, generation, firing"
				  " FROM incident"
				  " WHERE id = :id";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":id", id);
	return read_facts(s, ret, err);
}

int incidents_move(struct db *db, const struct incident_facts *incident, enum incident_event event,
		int firing_change, int64_t now, struct err *err)
{
	static const char sql[] =
			"UPDATE incident"
			" SET status = :status, firing = max(0, firing + :change),"
			" generation = generation + :reopened,"
			" mitigated_at = CASE WHEN :status = 'mitigated' THEN :now"
			" WHEN :reopened THEN NULL ELSE mitigated_at END,"
			" resolved_at = CASE WHEN :status = 'resolved' THEN coalesce(resolved_at, "
			":now)"
			" WHEN :reopened THEN NULL ELSE resolved_at END,"
			" closed_at = CASE WHEN :status = 'closed' THEN coalesce(closed_at, :now) "
			"END,"
			" attention = CASE WHEN :status = 'resolved' THEN NULL ELSE attention END"
			" WHERE id = :id";
	int status = incident_move(incident->status, event);

	if (status < 0) {
		return err_set(err, ERR_BUG, "incident %lld: a %s incident cannot take event %d",
				(long long)incident->id, incident_status_names[incident->status],
				event);
	}

	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":id", incident->id);
	stmt_text(s, ":status", incident_status_names[status]);
	stmt_int(s, ":change", firing_change);
	stmt_int(s, ":reopened",
			incident->status == INCIDENT_RESOLVED && status == INCIDENT_FIRING);
	stmt_int(s, ":now", now);
	return stmt_run(s, err);
}

int incidents_count(struct db *db, int64_t id, int firing_change, struct err *err)
{
	static const char sql[] = "UPDATE incident"
				  " SET firing = max(0, firing + :change)"
				  " WHERE id = :id";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":id", id);
	stmt_int(s, ":change", firing_change);
	return stmt_run(s, err);
}

int incidents_attention(struct db *db, int64_t id, const char *attention, struct err *err)
{
	static const char sql[] = "UPDATE incident"
				  " SET attention = :attention"
				  " WHERE id = :id";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":id", id);
	stmt_text(s, ":attention", attention);
	return stmt_run(s, err);
}

#define INCIDENT_COLUMNS                                                                          \
	"id, status, title, level, severity, service, playbook, labels, annotations, generation," \
	" firing, attention, opened_at, acknowledged_at, mitigated_at, resolved_at, closed_at,"   \
	" root_cause, resolution"

static struct incident_row read_incident(struct stmt *s)
{
	return (struct incident_row){
		.id = stmt_col_int(s, 0),
		.status = (uint8_t)incident_status_parse(stmt_col_text(s, 1)),
		.title = stmt_col_text(s, 2),
		.level = stmt_col_text(s, 3),
		.severity = stmt_col_text(s, 4),
		.service = stmt_col_text(s, 5),
		.playbook = stmt_col_text(s, 6),
		.labels = stmt_col_text(s, 7),
		.annotations = stmt_col_text(s, 8),
		.generation = stmt_col_int(s, 9),
		.firing = stmt_col_int(s, 10),
		.attention = stmt_col_text(s, 11),
		.opened_at = stmt_col_int(s, 12),
		.acknowledged_at = stmt_col_int(s, 13),
		.mitigated_at = stmt_col_int(s, 14),
		.resolved_at = stmt_col_int(s, 15),
		.closed_at = stmt_col_int(s, 16),
		.root_cause = stmt_col_text(s, 17),
		.resolution = stmt_col_text(s, 18),
	};
}

int incidents_attention_over(struct db *db, int64_t id, const char *attention, struct err *err)
{
	static const char sql[] = "UPDATE incident"
				  " SET attention = NULL"
				  " WHERE id = :id AND attention = :attention";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":id", id);
	stmt_text(s, ":attention", attention);
	return stmt_run(s, err);
}

int incidents_get(struct db *db, int64_t id, incident_fn fn, void *arg, struct err *err)
{
	static const char sql[] = "SELECT " INCIDENT_COLUMNS " FROM incident WHERE id = :id";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":id", id);

	int rc = stmt_step(s, err);

	if (rc == 1) {
		struct incident_row row = read_incident(s);

		fn(&row, arg);
		stmt_reset(s);
	}
	return rc;
}

int incidents_each(struct db *db, const struct incident_query *query, incident_each_fn each,
		void *arg, struct err *err)
{
	static const char sql[] = "SELECT " INCIDENT_COLUMNS " FROM incident"
				  " WHERE id < :before"
				  " AND (:status IS NULL OR status = :status)"
				  " AND (:playbook IS NULL OR playbook = :playbook)"
				  " AND (:level IS NULL OR level = :level)"
				  " AND opened_at >= :since"
				  " AND opened_at < :until"
				  " ORDER BY id DESC";
	struct stmt *s = db_stmt(db, sql);
	int rc;

	stmt_int(s, ":before", query->before ? query->before : INT64_MAX);
	stmt_text(s, ":status", query->status);
	stmt_text(s, ":playbook", query->playbook);
	stmt_text(s, ":level", query->level);
	stmt_int(s, ":since", query->since);
	stmt_int(s, ":until", query->until ? query->until : INT64_MAX);
	while ((rc = stmt_step(s, err)) == 1) {
		struct incident_row row = read_incident(s);

		if (!each(&row, arg)) {
			stmt_reset(s);
			return 0;
		}
	}
	return rc;
}

int incidents_open_count(struct db *db, int64_t *ret_count, struct err *err)
{
	static const char sql[] = "SELECT count(*)"
				  " FROM incident"
				  " WHERE status IN ('firing', 'mitigated')";
	struct stmt *s = db_stmt(db, sql);
	int rc = stmt_step(s, err);

	if (rc == 1) {
		*ret_count = stmt_col_int(s, 0);
		stmt_reset(s);
	}
	return rc < 0 ? -1 : 0;
}
