/* SPDX-License-Identifier: Apache-2.0 */
#include "store/upstreams.h"

#include "sys/digest.h"

int upstreams_watch(struct db *db, int64_t limit, upstream_fn fn, void *arg, struct err *err)
{
	static const char sql[] =
			"SELECT e.id, e.incident_id, e.identity, e.last_seen, e.longest_gap_ms,"
			" d.external_url, i.hold, i.held_at, i.held_until, i.held"
			" FROM incident i"
			" JOIN episode e ON e.incident_id = i.id AND e.status = 'firing'"
			" LEFT JOIN delivery d ON d.id = e.last_delivery_id"
			" WHERE i.status IN ('firing', 'mitigated')"
			" ORDER BY e.incident_id, e.id"
			" LIMIT :limit";
	struct stmt *s = db_stmt(db, sql);
	int rc;

	stmt_int(s, ":limit", limit);
	while ((rc = stmt_step(s, err)) == 1) {
		size_t len = 0;
		const struct upstream_row row = {
			.episode_id = stmt_col_int(s, 0),
			.incident_id = stmt_col_int(s, 1),
			.identity = stmt_col_blob(s, 2, &len),
			.last_seen = stmt_col_int(s, 3),
			.longest_gap_ms = stmt_col_int(s, 4),
			.external_url = stmt_col_text(s, 5),
			.hold = (uint8_t)upstream_hold_parse(stmt_col_text(s, 6)),
			.held_at = stmt_col_int(s, 7),
			.held_until = stmt_col_int(s, 8),
			.held = stmt_col_text(s, 9),
		};

		if (len == DIGEST_SIZE) {
			fn(&row, arg);
		}
	}
	return rc;
}

int upstreams_episode(struct db *db, int64_t id, episode_fn fn, void *arg, struct err *err)
{
	static const char sql[] = "SELECT id, status, incident_id, fingerprint, labels,"
				  " annotations, generator_url, starts_at, last_seen,"
				  " last_delivery_id"
				  " FROM episode"
				  " WHERE id = :id AND status = 'firing'";
	struct stmt *s = db_stmt(db, sql);
	int rc;

	stmt_int(s, ":id", id);
	rc = stmt_step(s, err);
	if (rc == 1) {
		const struct episode_row row = {
			.id = stmt_col_int(s, 0),
			.status = stmt_col_text(s, 1),
			.incident_id = stmt_col_int(s, 2),
			.fingerprint = stmt_col_text(s, 3),
			.labels = stmt_col_text(s, 4),
			.annotations = stmt_col_text(s, 5),
			.generator_url = stmt_col_text(s, 6),
			.starts_at = stmt_col_int(s, 7),
			.last_seen = stmt_col_int(s, 8),
			.delivery_id = stmt_col_int(s, 9),
		};

		fn(&row, arg);
		stmt_reset(s);
	}
	return rc;
}

/* The first column of the one row of s. */
static int read_number(struct stmt *s, int64_t *ret, struct err *err)
{
	int rc = stmt_step(s, err);

	if (rc == 1) {
		*ret = stmt_col_int(s, 0);
		stmt_reset(s);
	}
	return rc < 0 ? -1 : 0;
}

int upstreams_any_open(struct db *db, bool *ret, struct err *err)
{
	static const char sql[] = "SELECT EXISTS (SELECT 1 FROM incident"
				  " WHERE status IN ('firing', 'mitigated'))";
	int64_t any = 0;
	int rc = read_number(db_stmt(db, sql), &any, err);

	*ret = any != 0;
	return rc;
}

int upstreams_hold(struct db *db, const struct upstream_held *held, struct err *err)
{
	static const char sql[] = "UPDATE incident"
				  " SET held = :why, hold = :hold, held_at = :at,"
				  " held_until = :until"
				  " WHERE id = :id AND status IN ('firing', 'mitigated')";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":id", held->incident_id);
	stmt_text(s, ":why", held->why);
	stmt_text(s, ":hold", upstream_hold_names[held->hold]);
	stmt_int(s, ":at", held->at);
	stmt_int_or_null(s, ":until", held->until);
	return stmt_run(s, err);
}

int upstreams_lift(struct db *db, int64_t incident_id, struct err *err)
{
	static const char sql[] = "UPDATE incident"
				  " SET held = NULL, hold = NULL, held_at = NULL,"
				  " held_until = NULL"
				  " WHERE id = :id";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":id", incident_id);
	return stmt_run(s, err);
}

int upstreams_held_count(struct db *db, int64_t *ret_count, struct err *err)
{
	static const char sql[] = "SELECT count(*) FROM incident WHERE hold IS NOT NULL";

	return read_number(db_stmt(db, sql), ret_count, err);
}

int upstreams_sender_add(struct db *db, const char *alertmanager, const char *external_url,
		int64_t at, struct err *err)
{
	static const char sql[] = "INSERT INTO upstream_sender (alertmanager, external_url, at)"
				  " SELECT :alertmanager, :external_url, :at"
				  " WHERE (SELECT count(*) FROM upstream_sender"
				  " WHERE alertmanager = :alertmanager) < :most"
				  " ON CONFLICT DO NOTHING";
	struct stmt *s = db_stmt(db, sql);

	stmt_text(s, ":alertmanager", alertmanager);
	stmt_text(s, ":external_url", external_url);
	stmt_int(s, ":at", at);
	stmt_int(s, ":most", UPSTREAMS_SENDERS_MAX);
	return stmt_run(s, err);
}

int upstreams_senders(struct db *db, upstream_sender_fn fn, void *arg, struct err *err)
{
	static const char sql[] = "SELECT alertmanager, external_url FROM upstream_sender";
	struct stmt *s = db_stmt(db, sql);
	int rc;

	while ((rc = stmt_step(s, err)) == 1) {
		fn(stmt_col_text(s, 0), stmt_col_text(s, 1), arg);
	}
	return rc;
}
