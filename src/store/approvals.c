/* SPDX-License-Identifier: Apache-2.0 */
#include "store/approvals.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

const char *const approval_decision_names[APPROVAL_DECISIONS] = {
	[APPROVAL_PENDING] = "pending",
	[APPROVAL_APPROVED] = "approved",
	[APPROVAL_REJECTED] = "rejected",
	[APPROVAL_EXPIRED] = "expired",
	[APPROVAL_VOID] = "void",
	[APPROVAL_CANCELED] = "canceled",
};

static uint8_t parse_decision(const char *name)
{
	uint8_t i = APPROVAL_PENDING;

	while (name && i < APPROVAL_DECISIONS - 1 &&
			strcmp(name, approval_decision_names[i]) != 0) {
		i++;
	}
	return i;
}

int approvals_add(struct db *db, const struct approval_row *row, struct err *err)
{
	static const char sql[] =
			"INSERT INTO approval (run_id, step, name, message, asked_at, expires_at,"
			" not_by, config_hash, work, digest)"
			" VALUES (:run_id, :step, :name, :message, :asked_at, :expires_at,"
			" :not_by, :config_hash, :work, :digest)";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":run_id", (int64_t)row->binding.run);
	stmt_int(s, ":step", row->binding.step);
	stmt_text(s, ":name", row->name);
	stmt_text(s, ":message", row->message);
	stmt_int(s, ":asked_at", row->asked_at);
	stmt_int(s, ":expires_at", row->binding.expires_at);
	stmt_text(s, ":not_by", row->not_by);
	stmt_blob(s, ":config_hash", row->binding.config_hash, DIGEST_SIZE);
	stmt_blob(s, ":work", row->binding.work, DIGEST_SIZE);
	stmt_blob(s, ":digest", row->digest, DIGEST_SIZE);
	return stmt_run(s, err);
}

int approvals_decide(struct db *db, const struct approval_answer *answer, bool *ret_taken,
		struct err *err)
{
	static const char sql[] = "UPDATE approval"
				  " SET decision = :decision, decided_at = :now, decided_by = :by,"
				  " reason = :reason, seal = :seal"
				  " WHERE run_id = :run_id AND decision IS NULL"
				  " AND (:digest IS NULL OR digest = :digest)"
				  " AND (:decision <> 'approved' OR (digest = :digest"
				  " AND expires_at > :now AND (not_by IS NULL OR not_by <> :by)))";
	struct stmt *s = db_stmt(db, sql);

	assert(answer->decision != APPROVAL_PENDING);
	stmt_int(s, ":run_id", answer->run_id);
	stmt_text(s, ":decision", approval_decision_names[answer->decision]);
	stmt_int(s, ":now", answer->now);
	stmt_text(s, ":by", answer->by);
	stmt_text(s, ":reason", answer->reason);
	stmt_blob(s, ":seal", answer->seal, DIGEST_SIZE);
	stmt_blob(s, ":digest", answer->digest, DIGEST_SIZE);

	int rc = stmt_update(s, err);

	if (rc < 0) {
		return -1;
	}
	*ret_taken = rc == 1;
	return 0;
}

int approvals_rebind(struct db *db, const struct approval_row *row, struct err *err)
{
	static const char sql[] = "UPDATE approval"
				  " SET config_hash = :config_hash, asked_at = :asked_at,"
				  " expires_at = :expires_at, digest = :digest"
				  " WHERE run_id = :run_id AND decision IS NULL";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":run_id", (int64_t)row->binding.run);
	stmt_int(s, ":asked_at", row->asked_at);
	stmt_int(s, ":expires_at", row->binding.expires_at);
	stmt_blob(s, ":config_hash", row->binding.config_hash, DIGEST_SIZE);
	stmt_blob(s, ":digest", row->digest, DIGEST_SIZE);

	int rc = stmt_update(s, err);

	if (rc == 0) {
		return err_set(err, ERR_BUG, "run %" PRIu64 ": its question is answered already",
				row->binding.run);
	}
	return rc < 0 ? -1 : 0;
}

#define APPROVAL_COLUMNS                                                                \
	"run_id, step, expires_at, config_hash, work, digest, name, message, asked_at," \
	" not_by, decision, decided_at, decided_by, reason, seal"

static bool read_digest(struct stmt *s, int column, uint8_t digest[DIGEST_SIZE])
{
	size_t len;
	const void *data = stmt_col_blob(s, column, &len);

	if (!data || len != DIGEST_SIZE) {
		return false;
	}
	memcpy(digest, data, DIGEST_SIZE);
	return true;
}

static struct approval_row read_approval(struct stmt *s)
{
	struct approval_row row = {
		.binding = { .run = (uint64_t)stmt_col_int(s, 0),
				.step = (uint32_t)stmt_col_int(s, 1),
				.expires_at = stmt_col_int(s, 2) },
		.name = stmt_col_text(s, 6),
		.message = stmt_col_text(s, 7),
		.asked_at = stmt_col_int(s, 8),
		.not_by = stmt_col_text(s, 9),
		.decision = parse_decision(stmt_col_text(s, 10)),
		.decided_at = stmt_col_int(s, 11),
		.decided_by = stmt_col_text(s, 12),
		.reason = stmt_col_text(s, 13),
	};

	read_digest(s, 3, row.binding.config_hash);
	read_digest(s, 4, row.binding.work);
	read_digest(s, 5, row.digest);
	row.sealed = read_digest(s, 14, row.seal);
	return row;
}

static int one_approval(struct stmt *s, approval_fn fn, void *arg, struct err *err)
{
	int rc = stmt_step(s, err);

	if (rc == 1) {
		struct approval_row row = read_approval(s);

		fn(&row, arg);
		stmt_reset(s);
	}
	return rc;
}

static int each_approval(struct stmt *s, approval_fn fn, void *arg, struct err *err)
{
	int rc;

	while ((rc = stmt_step(s, err)) == 1) {
		struct approval_row row = read_approval(s);

		fn(&row, arg);
	}
	return rc;
}

int approvals_last(struct db *db, int64_t run_id, approval_fn fn, void *arg, struct err *err)
{
	static const char sql[] = "SELECT " APPROVAL_COLUMNS " FROM approval"
				  " WHERE run_id = :run_id"
				  " ORDER BY step DESC"
				  " LIMIT 1";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":run_id", run_id);
	return one_approval(s, fn, arg, err);
}

int approvals_behind(struct db *db, int64_t run_id, int64_t step, approval_fn fn, void *arg,
		struct err *err)
{
	static const char sql[] = "SELECT " APPROVAL_COLUMNS " FROM approval"
				  " WHERE run_id = :run_id AND step < :step"
				  " AND decision = 'approved'"
				  " ORDER BY step DESC"
				  " LIMIT 1";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":run_id", run_id);
	stmt_int(s, ":step", step);
	return one_approval(s, fn, arg, err);
}

int approvals_of(struct db *db, int64_t run_id, approval_fn fn, void *arg, struct err *err)
{
	static const char sql[] = "SELECT " APPROVAL_COLUMNS " FROM approval"
				  " WHERE run_id = :run_id"
				  " ORDER BY step";
	struct stmt *s = db_stmt(db, sql);

	stmt_int(s, ":run_id", run_id);
	return each_approval(s, fn, arg, err);
}

int approvals_pending(struct db *db, approval_fn fn, void *arg, struct err *err)
{
	static const char sql[] = "SELECT " APPROVAL_COLUMNS " FROM approval"
				  " WHERE decision IS NULL"
				  " ORDER BY run_id";

	return each_approval(db_stmt(db, sql), fn, arg, err);
}

int approvals_pending_count(struct db *db, int64_t *ret_count, struct err *err)
{
	static const char sql[] = "SELECT count(*) FROM approval WHERE decision IS NULL";
	struct stmt *s = db_stmt(db, sql);
	int rc = stmt_step(s, err);

	if (rc == 1) {
		*ret_count = stmt_col_int(s, 0);
		stmt_reset(s);
	}
	return rc < 0 ? -1 : 0;
}
