/* SPDX-License-Identifier: Apache-2.0 */
#include "begun.h"

#include <stdio.h>
#include <string.h>

#include "world.h"

#define RUNS_MAX 4096

#define BEGUN "(started_at IS NOT NULL OR status IN ('running', 'verifying'))"

/* By id. */
static bool before[RUNS_MAX];

void begun_watch(void)
{
	static const char sql[] = "SELECT id FROM run WHERE " BEGUN;
	struct stmt *s = db_stmt(world.core->ground.db, sql);
	struct err err;

	memset(before, 0, sizeof(before));
	while (stmt_step(s, &err) == 1) {
		before[stmt_col_int(s, 0) % RUNS_MAX] = true;
	}
}

const char *begun_complaint(void)
{
	static const char sql[] =
			"SELECT id FROM run r"
			" WHERE trigger IN ('alert', 'escalation') AND " BEGUN
			" AND NOT EXISTS (SELECT 1 FROM episode e"
			" JOIN incident i ON i.id = e.incident_id AND i.status IN ('firing', 'mitigated')"
			" WHERE e.status = 'firing' AND (e.id = r.episode_id OR e.id IN"
			" (SELECT episode_id FROM run_also WHERE run_id = r.id)))";
	struct stmt *s = db_stmt(world.core->ground.db, sql);
	static char text[80];
	const char *complaint = NULL;
	struct err err;

	while (stmt_step(s, &err) == 1) {
		long long id = (long long)stmt_col_int(s, 0);

		if (!before[id % RUNS_MAX]) {
			snprintf(text, sizeof(text), "a run began for what is over: %lld", id);
			complaint = text;
		}
	}
	return complaint;
}
