/* SPDX-License-Identifier: Apache-2.0 */
#include "store/incidents.h"

#include <inttypes.h>

#include "domain/escalation.h"

int incidents_add(struct db *db, const struct incident_row *row, int64_t *ret_id, struct err *err)
{
	static const char sql[] =
			"INSERT INTO incident (status, title, level, severity, service, alertname,"
			" playbook, labels, annotations, group_hash, generation, firing,"
			" attention, opened_at)"
			" VALUES ('firing', :title, :level, :severity, :service, :alertname,"
			" :playbook, :labels, :annotations, :group_hash, 1, 0, :attention,"
			" :opened_at)";
	struct stmt *s = db_stmt(db, sql);

	stmt_text(s, ":title", row->title);
	stmt_text(s, ":level", row->level);
	stmt_text(s, ":severity", row->severity);
	stmt_text(s, ":service", row->service);
	stmt_text(s, ":alertname", row->alertname ? row->alertname : "");
	stmt_text(s, ":playbook", row->playbook);
	stmt_text(s, ":labels", row->labels);
	stmt_text(s, ":annotations", row->annotations);
	stmt_blob(s, ":group_hash", row->group_hash, DIGEST_SIZE);
	stmt_text(s, ":attention", row->attention);
	stmt_int(s, ":opened_at", row->opened_at);
	return stmt_insert(s, ret_id, err) < 0 ? -1 : 0;
}

/* Read the one row of facts that s gives, if any. */
static int read_facts(struct stmt *s, struct incident_facts *ret, struct err *err)
{
	int rc = stmt_step(s, err);

	*ret = (struct incident_facts){ 0 };
	if (rc == 1) {
		ret->id = stmt_col_int(s, 0);
		ret->status = (uint8_t)incident_status_parse(stmt_col_text(s, 1));
		ret->times_opened = stmt_col_int(s, 2);
		ret->firing = stmt_col_int(s, 3);
		ret->level = escalation_level_parse(stmt_col_text(s, 4));
		stmt_reset(s);
	}
	return rc < 0 ? -1 : 0;
}

int incidents_of_group(struct db *db, const uint8_t group_hash[DIGEST_SIZE], int64_t resolved_since,
		struct incident_facts *ret, struct err *err)
{
	static const char sql[] = "SELECT id, status, generation, firing, level"
				  " FROM incident"
				  " WHERE group_hash = :group_hash"
				  " AND (status IN ('firing', 'mitigated')"
				  " OR (status = 'resolved' AND resolved_at >= :resolved_since"
				  " AND id = (SELECT max(id) FROM incident"
				  " WHERE group_hash = :group_hash)))"
				  " ORDER BY status = 'resolved', id DESC"
				  " LIMIT 1";
	struct stmt *s = db_stmt(db, sql);

	stmt_blob(s, ":group_hash", group_hash, DIGEST_SIZE);
	stmt_int(s, ":resolved_since", resolved_since);
	return read_facts(s, ret, err);
}

int incidents_group_known(
		struct db *db, const uint8_t group_hash[DIGEST_SIZE], bool *ret, struct err *err)
{
	static const char sql[] = "SELECT 1"
				  " FROM incident"
				  " WHERE group_hash = :group_hash"
				  " LIMIT 1";
	struct stmt *s = db_stmt(db, sql);
	int rc;

	stmt_blob(s, ":group_hash", group_hash, DIGEST_SIZE);
	rc = stmt_step(s, err);
	if (rc == 1) {
		stmt_reset(s);
	}
	*ret = rc == 1;
	return rc < 0 ? -1 : 0;
}

int incidents_facts(struct db *db, int64_t id, struct incident_facts *ret, struct err *err)
{
	static const char sql[] = "SELECT id, status, generation, firing, level"
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
			" resolved_at = CASE WHEN :status = 'resolved'"
			" THEN coalesce(resolved_at, :now)"
			" WHEN :reopened THEN NULL ELSE resolved_at END,"
			" resolved_by = CASE WHEN :reopened THEN NULL ELSE resolved_by END,"
			" acknowledged_at = CASE WHEN :reopened THEN NULL ELSE acknowledged_at END,"
			" acknowledged_by = CASE WHEN :reopened THEN NULL ELSE acknowledged_by END,"
			" closed_at = CASE WHEN :status = 'closed'"
			" THEN coalesce(closed_at, :now) END,"
			" attention = CASE WHEN :status IN ('resolved', 'closed') THEN NULL"
			" ELSE attention END,"
			" held = CASE WHEN :status IN ('firing', 'mitigated') THEN held END,"
			" hold = CASE WHEN :status IN ('firing', 'mitigated') THEN hold END"
			" WHERE id = :id AND status = :from";
	const char *was = incident_status_names[incident->status];
	int status = incident_move(incident->status, event);
	int rc;

	if (status < 0) {
		return err_set(err, ERR_BUG,
				"incident %" PRId64 ": a %s incident cannot take event %d",
				incident->id, was, event);
	}

	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":id", incident->id);
	stmt_text(s, ":from", was);
	stmt_text(s, ":status", incident_status_names[status]);
	stmt_int(s, ":change", firing_change);
	stmt_int(s, ":reopened",
			incident->status == INCIDENT_RESOLVED && status == INCIDENT_FIRING);
	stmt_int(s, ":now", now);
	rc = stmt_update(s, err);
	if (rc == 0) {
		return err_set(err, ERR_BUG,
				"incident %" PRId64 ": it is not %s any more, and cannot become %s",
				incident->id, was, incident_status_names[status]);
	}
	return rc < 0 ? -1 : 0;
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

static int read_severity(
		struct db *db, int64_t id, const char *severity, bool *ret_worse, struct err *err)
{
	static const char sql[] = "SELECT severity FROM incident WHERE id = :id";
	struct stmt *s = db_stmt(db, sql);
	int rc;

	stmt_int(s, ":id", id);
	rc = stmt_step(s, err);
	*ret_worse = rc == 1 && incident_severity_worse(severity, stmt_col_text(s, 0));
	if (rc == 1) {
		stmt_reset(s);
	}
	return rc < 0 ? -1 : 0;
}

int incidents_severity(struct db *db, int64_t id, const char *severity, struct err *err)
{
	static const char sql[] = "UPDATE incident SET severity = :severity WHERE id = :id";
	struct stmt *s;
	bool worse;

	if (read_severity(db, id, severity, &worse, err) < 0) {
		return -1;
	}
	if (!worse) {
		return 0;
	}
	s = db_stmt(db, sql);
	stmt_int(s, ":id", id);
	stmt_text(s, ":severity", severity);
	return stmt_run(s, err);
}

int incidents_annotations(struct db *db, const struct incident_row *row, struct err *err)
{
	static const char sql[] = "UPDATE incident"
				  " SET annotations = :annotations"
				  " WHERE id = :id AND labels = :labels";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":id", row->id);
	stmt_text(s, ":labels", row->labels);
	stmt_text(s, ":annotations", row->annotations);
	return stmt_run(s, err);
}

int incidents_attention(struct db *db, int64_t id, const char *attention, struct err *err)
{
	static const char sql[] = "UPDATE incident"
				  " SET attention = :attention"
				  " WHERE id = :id"
				  " AND (status <> 'closed' OR :attention IS NULL)";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":id", id);
	stmt_text(s, ":attention", attention);
	return stmt_run(s, err);
}

int incidents_moved_by(struct db *db, int64_t id, enum incident_status status, const char *who,
		struct err *err)
{
	static const char resolved[] = "UPDATE incident SET resolved_by = :who"
				       " WHERE id = :id AND status = 'resolved'";
	static const char closed[] = "UPDATE incident SET closed_by = :who"
				     " WHERE id = :id AND status = 'closed'";
	struct stmt *s = db_stmt(db, status == INCIDENT_CLOSED ? closed : resolved);

	stmt_int(s, ":id", id);
	stmt_text(s, ":who", who);
	return stmt_run(s, err);
}

int incidents_acknowledge(struct db *db, int64_t id, const char *who, int64_t now, struct err *err)
{
	static const char sql[] = "UPDATE incident"
				  " SET acknowledged_at = :now, acknowledged_by = :who"
				  " WHERE id = :id AND acknowledged_at IS NULL";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":id", id);
	stmt_text(s, ":who", who);
	stmt_int(s, ":now", now);
	return stmt_run(s, err);
}

int incidents_change(
		struct db *db, int64_t id, const struct incident_change *change, struct err *err)
{
	static const char sql[] = "UPDATE incident"
				  " SET title = coalesce(:title, title),"
				  " severity = coalesce(:severity, severity),"
				  " root_cause = nullif(coalesce(:root_cause, root_cause), ''),"
				  " resolution = nullif(coalesce(:resolution, resolution), ''),"
				  " major = CASE :major WHEN 'true' THEN 1 WHEN 'false' THEN 0"
				  " ELSE major END"
				  " WHERE id = :id";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":id", id);
	stmt_text(s, ":title", change->title);
	stmt_text(s, ":severity", change->severity);
	stmt_text(s, ":root_cause", change->root_cause);
	stmt_text(s, ":resolution", change->resolution);
	stmt_text(s, ":major", change->major);
	return stmt_run(s, err);
}

int incidents_raise(struct db *db, int64_t id, const char *level, struct err *err)
{
	static const char sql[] = "UPDATE incident"
				  " SET level = :level"
				  " WHERE id = :id AND (level IS NULL OR level < :level)";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":id", id);
	stmt_text(s, ":level", level);
	return stmt_run(s, err);
}

/* incident_is_major() in SQL, for lists: 'true' or 'false'. A test compares the two. */
#define IS_MAJOR \
	"CASE WHEN major = 1 OR (major IS NULL AND level IN ('L3', 'L4')) THEN 'true' ELSE 'false' END"

#define INCIDENT_COLUMNS                                                                          \
	"id, status, title, level, severity, service, playbook, labels, annotations, generation," \
	" firing, attention, opened_at, acknowledged_at, mitigated_at, resolved_at, closed_at,"   \
	" root_cause, resolution, alertname, acknowledged_by, resolved_by, closed_by,"            \
	" coalesce(major, -1), NOT EXISTS (SELECT 1 FROM checklist"                               \
	" WHERE incident_id = incident.id AND item = 'schedule'), held"

/* -1: no operator stated it. */
static enum incident_judgement read_judgement(struct stmt *s, int column)
{
	int64_t said = stmt_col_int(s, column);

	if (said < 0) {
		return INCIDENT_UNJUDGED;
	}
	return said ? INCIDENT_MAJOR : INCIDENT_MINOR;
}

static struct incident_row read_incident(struct stmt *s)
{
	const char *level = stmt_col_text(s, 3);
	enum incident_judgement said = read_judgement(s, 23);
	bool major = incident_is_major(said, escalation_level_parse(level));

	return (struct incident_row){
		.id = stmt_col_int(s, 0),
		.status = (uint8_t)incident_status_parse(stmt_col_text(s, 1)),
		.title = stmt_col_text(s, 2),
		.level = level,
		.severity = stmt_col_text(s, 4),
		.service = stmt_col_text(s, 5),
		.playbook = stmt_col_text(s, 6),
		.labels = stmt_col_text(s, 7),
		.annotations = stmt_col_text(s, 8),
		.times_opened = stmt_col_int(s, 9),
		.firing = stmt_col_int(s, 10),
		.attention = stmt_col_text(s, 11),
		.opened_at = stmt_col_int(s, 12),
		.acknowledged_at = stmt_col_int(s, 13),
		.mitigated_at = stmt_col_int(s, 14),
		.resolved_at = stmt_col_int(s, 15),
		.closed_at = stmt_col_int(s, 16),
		.root_cause = stmt_col_text(s, 17),
		.resolution = stmt_col_text(s, 18),
		.alertname = stmt_col_text(s, 19),
		.acknowledged_by = stmt_col_text(s, 20),
		.resolved_by = stmt_col_text(s, 21),
		.closed_by = stmt_col_text(s, 22),
		.major = major,
		.major_said = said != INCIDENT_UNJUDGED,
		.post_due = major && stmt_col_int(s, 24) != 0,
		.held = stmt_col_text(s, 25),
	};
}

int incidents_is_unattended(struct db *db, int64_t id, bool *ret, struct err *err)
{
	static const char sql[] =
			"SELECT 1 FROM incident i"
			" WHERE i.id = :id AND i.status = 'firing' AND i.attention IS NULL"
			" AND NOT EXISTS (SELECT 1 FROM run r"
			" WHERE r.incident_id = i.id AND r.finished_at IS NULL)"
			" AND NOT EXISTS (SELECT 1 FROM run_also a JOIN run r ON r.id = a.run_id"
			" WHERE a.incident_id = i.id AND r.finished_at IS NULL)";
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
				  " AND (:major IS NULL OR :major = " IS_MAJOR ")"
				  " AND opened_at >= :since"
				  " AND opened_at < :until"
				  " ORDER BY id DESC";
	struct stmt *s = db_stmt(db, sql);
	int rc;

	stmt_int(s, ":before", query->before ? query->before : INT64_MAX);
	stmt_text(s, ":status", query->status);
	stmt_text(s, ":playbook", query->playbook);
	stmt_text(s, ":level", query->level);
	stmt_text(s, ":major", query->major);
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
