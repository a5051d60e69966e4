/* SPDX-License-Identifier: Apache-2.0 */
#include "main/verify_audit.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/mem.h"
#include "store/audits.h"

static int say(const struct audit_verdict *verdict)
{
	char hash[DIGEST_TEXT_MAX];

	if (verdict->broken_id) {
		fprintf(stderr, "audit: row %" PRId64 ": %s\n", verdict->broken_id, verdict->why);
		return 1;
	}
	if (!verdict->rows) {
		puts("audit: no rows");
		return 0;
	}
	printf("audit: rows %" PRId64 " to %" PRId64 " are intact; the hash of the last is %s\n",
			verdict->first_id, verdict->last_id, digest_text(verdict->hash, hash));
	return 0;
}

int verify_audit(const char *storage_path)
{
	auto_free char *path = xasprintf("%s/playbookd.db", storage_path);
	struct audit_verdict verdict = { 0 };
	struct err err;
	struct db *db = db_open_reading(path, &err);
	int rc = db ? audits_there(db, &err) : -1;

	if (rc == 1) {
		rc = audits_verify(db, &verdict, &err);
	}
	db_close(db);
	if (rc < 0) {
		fprintf(stderr, "audit: %s\n", err.msg);
		return 1;
	}
	return say(&verdict);
}
