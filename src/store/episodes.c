/* SPDX-License-Identifier: Apache-2.0 */
#include "store/episodes.h"

#include <string.h>

int episodes_add(struct db *db, const struct episode_row *row, int64_t *ret_id, struct err *err)
{
	static const char sql[] =
			"INSERT INTO episode (identity, status, incident_id, fingerprint, labels,"
			" annotations, generator_url, starts_at, ends_at, first_seen, last_seen,"
			" occurrences, last_delivery_id)"
			" VALUES (:identity, :status, :incident_id, :fingerprint, :labels,"
			" :annotations, :generator_url, :starts_at, :ends_at, :first_seen,"
			" :last_seen, :occurrences, :delivery_id)";
	struct stmt *s = db_stmt(db, sql);

	stmt_blob(s, ":identity", row->identity, DIGEST_SIZE);
	stmt_text(s, ":status", row->status);
	stmt_int_or_null(s, ":incident_id", row->incident_id);
	stmt_text(s, ":fingerprint", row->fingerprint);
	stmt_text(s, ":labels", row->labels);
	stmt_text(s, ":annotations", row->annotations);
	stmt_text(s, ":generator_url", row->generator_url);
	stmt_int(s, ":starts_at", row->starts_at);
	stmt_int_or_null(s, ":ends_at", row->ends_at);
	stmt_int(s, ":first_seen", row->first_seen);
	stmt_int(s, ":last_seen", row->last_seen);
	stmt_int(s, ":occurrences", row->occurrences);
	stmt_int(s, ":delivery_id", row->delivery_id);
	return stmt_insert(s, ret_id, err) < 0 ? -1 : 0;
}

static struct plan_episode read_plan(struct stmt *s)
{
	return (struct plan_episode){
		.id = stmt_col_int(s, 0),
		.incident_id = stmt_col_int(s, 1),
		.starts_at = stmt_col_int(s, 2),
		.ends_at = stmt_col_int(s, 3),
		.first_seen = stmt_col_int(s, 4),
		.last_seen = stmt_col_int(s, 5),
		.occurrences = stmt_col_int(s, 6),
	};
}

int episodes_open(struct db *db, const uint8_t identity[DIGEST_SIZE],
		const struct episode_sender *sender, struct plan_episode *ret, struct err *err)
{
	static const char sql[] =
			"SELECT e.id, e.incident_id, e.starts_at, e.ends_at, e.first_seen,"
			" e.last_seen,"
			" e.occurrences, d.external_url = :external_url, d.body_hash = :body_hash,"
			" e.annotations = :annotations"
			" FROM episode e"
			" LEFT JOIN delivery d ON d.id = e.last_delivery_id"
			" WHERE e.identity = :identity AND e.status = 'firing'";
	struct stmt *s = db_stmt(db, sql);

	stmt_blob(s, ":identity", identity, DIGEST_SIZE);
	stmt_text(s, ":external_url", sender->external_url);
	stmt_blob(s, ":body_hash", sender->body_hash, DIGEST_SIZE);
	stmt_text(s, ":annotations", sender->annotations);
	*ret = (struct plan_episode){ 0 };

	int rc = stmt_step(s, err);

	if (rc == 1) {
		*ret = read_plan(s);
		ret->same_sender = stmt_col_int(s, 7);
		ret->same_body = stmt_col_int(s, 8);
		ret->same_annotations = stmt_col_int(s, 9);
		stmt_reset(s);
	}
	return rc < 0 ? -1 : 0;
}

int episodes_last(struct db *db, const uint8_t identity[DIGEST_SIZE],
		const struct episode_sender *sender, struct plan_episode *ret, struct err *err)
{
	static const char sql[] =
			"SELECT e.id, e.incident_id, e.starts_at, e.ends_at, e.first_seen,"
			" e.last_seen, e.occurrences, d.external_url = :external_url"
			" AND d.external_url <> '' AND d.group_key = :group_key"
			" AND d.receiver = :receiver"
			" FROM episode e"
			" LEFT JOIN delivery d ON d.id = e.last_delivery_id"
			" WHERE e.identity = :identity AND e.status = 'resolved'"
			" ORDER BY e.id DESC"
			" LIMIT 1";
	struct stmt *s = db_stmt(db, sql);

	stmt_blob(s, ":identity", identity, DIGEST_SIZE);
	stmt_text(s, ":external_url", sender->external_url);
	stmt_text(s, ":group_key", sender->group_key);
	stmt_text(s, ":receiver", sender->receiver);
	*ret = (struct plan_episode){ 0 };

	int rc = stmt_step(s, err);

	if (rc == 1) {
		*ret = read_plan(s);
		ret->same_sender = stmt_col_int(s, 7);
		stmt_reset(s);
	}
	return rc < 0 ? -1 : 0;
}

int episodes_again(struct db *db, const struct episode_row *row, struct err *err)
{
	static const char sql[] = "UPDATE episode"
				  " SET occurrences = occurrences + 1,"
				  " longest_gap_ms = max(longest_gap_ms, :now - last_seen),"
				  " last_seen = :now,"
				  " last_delivery_id = :delivery_id,"
				  " starts_at = CASE WHEN :starts_at > 0 AND :starts_at < starts_at"
				  " AND NOT EXISTS (SELECT 1 FROM episode AS ended"
				  " WHERE ended.identity = episode.identity"
				  " AND ended.status = 'resolved' AND ended.ends_at > :starts_at)"
				  " THEN :starts_at ELSE starts_at END,"
				  " annotations = coalesce(:annotations, annotations),"
				  " generator_url = coalesce(:generator_url, generator_url)"
				  " WHERE id = :id";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":id", row->id);
	stmt_int(s, ":delivery_id", row->delivery_id);
	stmt_int(s, ":starts_at", row->starts_at);
	stmt_int(s, ":now", row->last_seen);
	stmt_text(s, ":annotations", row->annotations);
	stmt_text(s, ":generator_url", row->generator_url);
	return stmt_run(s, err);
}

int episodes_join(struct db *db, int64_t id, int64_t incident_id, struct err *err)
{
	static const char sql[] = "UPDATE episode"
				  " SET incident_id = :incident_id"
				  " WHERE id = :id AND incident_id IS NULL";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":id", id);
	stmt_int(s, ":incident_id", incident_id);
	return stmt_run(s, err);
}

int episodes_is_newcomer(struct db *db, const uint8_t identity[DIGEST_SIZE], int64_t incident_id,
		bool *ret, struct err *err)
{
	static const char sql[] = "SELECT 1"
				  " FROM incident i"
				  " WHERE i.id = :incident_id AND i.acknowledged_at IS NOT NULL"
				  " AND NOT EXISTS (SELECT 1 FROM episode e"
				  " WHERE e.identity = :identity AND e.incident_id = i.id"
				  " AND e.last_seen >= coalesce((SELECT max(t.at) FROM timeline t"
				  " WHERE t.incident_id = i.id AND t.kind = 'reopened'), 0))";
	struct stmt *s = db_stmt(db, sql);
	int rc;

	stmt_int(s, ":incident_id", incident_id);
	stmt_blob(s, ":identity", identity, DIGEST_SIZE);
	rc = stmt_step(s, err);
	*ret = rc == 1;
	if (rc == 1) {
		stmt_reset(s);
	}
	return rc < 0 ? -1 : 0;
}

int episodes_end(struct db *db, const struct episode_row *row, struct err *err)
{
	static const char sql[] = "UPDATE episode"
				  " SET status = 'resolved', ends_at = :ends_at, last_seen = :now,"
				  " last_delivery_id = :delivery_id"
				  " WHERE id = :id AND status = 'firing'";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":id", row->id);
	stmt_int(s, ":delivery_id", row->delivery_id);
	stmt_int(s, ":ends_at", row->ends_at);
	stmt_int(s, ":now", row->last_seen);
	return stmt_run(s, err);
}

#define COLUMNS                                                                   \
	"SELECT id, status, incident_id, fingerprint, labels, annotations,"       \
	" generator_url, starts_at, ends_at, first_seen, last_seen, occurrences," \
	" last_delivery_id"                                                       \
	" FROM episode"                                                           \
	" WHERE incident_id = :incident_id"

struct episode_query {
	int64_t incident_id;
	int64_t limit;
};

static int each_of(struct db *db, const char *sql, const struct episode_query *query, episode_fn fn,
		void *arg, struct err *err)
{
	struct stmt *s = db_stmt(db, sql);
	int rc;

	stmt_int(s, ":incident_id", query->incident_id);
	stmt_int(s, ":limit", query->limit);
	while ((rc = stmt_step(s, err)) == 1) {
		struct episode_row row = {
			.id = stmt_col_int(s, 0),
			.status = stmt_col_text(s, 1),
			.incident_id = stmt_col_int(s, 2),
			.fingerprint = stmt_col_text(s, 3),
			.labels = stmt_col_text(s, 4),
			.annotations = stmt_col_text(s, 5),
			.generator_url = stmt_col_text(s, 6),
			.starts_at = stmt_col_int(s, 7),
			.ends_at = stmt_col_int(s, 8),
			.first_seen = stmt_col_int(s, 9),
			.last_seen = stmt_col_int(s, 10),
			.occurrences = stmt_col_int(s, 11),
			.delivery_id = stmt_col_int(s, 12),
		};

		fn(&row, arg);
	}
	return rc;
}

int episodes_of(struct db *db, int64_t incident_id, int64_t limit, episode_fn fn, void *arg,
		struct err *err)
{
	static const char sql[] = COLUMNS " ORDER BY id LIMIT :limit";

	return each_of(db, sql, &(struct episode_query){ incident_id, limit }, fn, arg, err);
}

int episodes_firing(struct db *db, int64_t incident_id, int64_t limit, episode_fn fn, void *arg,
		struct err *err)
{
	static const char sql[] = COLUMNS " AND status = 'firing' ORDER BY id LIMIT :limit";

	return each_of(db, sql, &(struct episode_query){ incident_id, limit }, fn, arg, err);
}
