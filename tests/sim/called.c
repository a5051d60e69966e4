/* SPDX-License-Identifier: Apache-2.0 */
#include "called.h"

#include <stdio.h>
#include <stdlib.h>

#include "world.h"

#define WATCHED_MAX 1024

const char *const called_always[] = {
	"SELECT 'a raise lowered a level: ' || r.incident_id FROM raise r"
	" JOIN raise later ON later.incident_id = r.incident_id"
	" AND later.generation = r.generation AND later.id > r.id AND later.level <= r.level",
	"SELECT 'an incident is lower than what was called for it: ' || i.id FROM incident i"
	" JOIN raise r ON r.incident_id = i.id WHERE i.level IS NULL OR i.level < r.level",
	"SELECT 'the chain does not know whom it called: ' || e.incident_id FROM escalation e"
	" JOIN raise r ON r.incident_id = e.incident_id AND r.generation = e.generation"
	" WHERE e.called IS NULL OR e.called < r.level",
	"SELECT 'a level was called, and nobody told: ' || r.incident_id FROM raise r"
	" WHERE NOT EXISTS (SELECT 1 FROM told t WHERE t.incident_id = r.incident_id"
	" AND t.generation = r.generation) OR NOT EXISTS (SELECT 1 FROM outbox o WHERE"
	" o.kind IN ('initial', 'escalation') AND o.incident_id <= r.incident_id)",
	"SELECT 'somebody was told twice: ' || key FROM outbox GROUP BY key, receiver, endpoint"
	" HAVING count(*) > 1",
	"SELECT 'a generation has two beginnings for ' || o.receiver || ': ' || o.incident_id"
	" FROM outbox o JOIN incident i ON i.id = o.incident_id WHERE o.kind = 'initial'"
	" GROUP BY o.incident_id, o.receiver HAVING count(*) > max(i.generation)",
	"SELECT 'nobody is told that it is over: ' || i.id FROM incident i"
	" JOIN told t ON t.incident_id = i.id AND t.generation = i.generation"
	" WHERE i.status IN ('resolved', 'closed') AND NOT EXISTS (SELECT 1 FROM outbox o"
	" WHERE o.key = 'incident/' || i.id || '/' || i.generation || '/resolved'"
	" AND o.receiver = t.receiver)",
	"SELECT 'they were told that it is over, and it is not: ' || i.id FROM incident i"
	" WHERE i.status IN ('firing', 'mitigated') AND EXISTS (SELECT 1 FROM outbox o"
	" WHERE o.key = 'incident/' || i.id || '/' || i.generation || '/resolved')",
	NULL,
};

const char *const called_at_rest[] = {
	"SELECT 'it fires, nobody has it in hand, and not everybody was called: ' || i.id"
	" FROM incident i WHERE i.status = 'firing' AND i.acknowledged_at IS NULL"
	" AND i.held IS NULL AND NOT EXISTS (SELECT 1 FROM raise r WHERE r.incident_id = i.id"
	" AND r.generation = i.generation AND r.level = 'L3')",
	"SELECT 'it is open, and nobody hears how it goes on: ' || i.id FROM incident i"
	" JOIN escalation e ON e.incident_id = i.id AND e.generation = i.generation"
	" WHERE i.status IN ('firing', 'mitigated') AND e.called IS NOT NULL AND e.updates = 0"
	" AND i.held IS NULL",
	NULL,
};

/* An incident that somebody has in hand, and how often its chain called. */
static struct watched {
	int64_t incident;
	int64_t times_opened;
	int64_t calls;
} watched[WATCHED_MAX];
static size_t watched_len;

/* A rule may still raise it, and another alert join it: that is about more than what is in hand. */
static struct stmt *in_hand(void)
{
	static const char sql[] = "SELECT i.id, i.generation, (SELECT count(*) FROM raise r"
				  " WHERE r.incident_id = i.id AND r.generation = i.generation"
				  " AND r.by = 'playbookd' AND r.why NOT LIKE '%at the same time%'"
				  " AND r.why NOT LIKE 'another alert fires:%')"
				  " FROM incident i WHERE i.acknowledged_at IS NOT NULL"
				  " AND i.status IN ('firing', 'mitigated')";

	return db_stmt(world.core->ground.db, sql);
}

void called_watch(void)
{
	struct stmt *s = in_hand();
	struct err err;

	for (watched_len = 0; stmt_step(s, &err) == 1; watched_len++) {
		if (watched_len == WATCHED_MAX) {
			abort();
		}
		watched[watched_len] = (struct watched){ stmt_col_int(s, 0), stmt_col_int(s, 1),
			stmt_col_int(s, 2) };
	}
}

static bool was_called(const struct watched *now)
{
	for (size_t i = 0; i < watched_len; i++) {
		const struct watched *before = &watched[i];

		if (before->incident == now->incident &&
				before->times_opened == now->times_opened &&
				before->calls != now->calls) {
			return true;
		}
	}
	return false;
}

/* Something is due and was not done, or will be done later than it was to wait at the longest. */
static bool is_late(void)
{
	static const char sql[] =
			"SELECT 1 FROM escalation e JOIN incident i ON i.id = e.incident_id"
			" AND i.generation = e.generation WHERE (i.status = 'firing'"
			" AND i.acknowledged_at IS NULL"
			" AND (e.due_at <= :now OR e.due_at - :now > e.wait_ms))"
			" OR (i.status IN ('firing', 'mitigated')"
			" AND (e.update_at <= :now OR e.update_at - :now > e.update_ms))";
	struct stmt *s = db_stmt(world.core->ground.db, sql);
	struct err err;
	int rc;

	stmt_int(s, ":now", core_world.wall_ms);
	rc = stmt_step(s, &err);
	stmt_reset(s);
	return rc == 1;
}

const char *called_complaint(void)
{
	struct stmt *s = in_hand();
	bool called = false;
	struct err err;

	while (stmt_step(s, &err) == 1) {
		const struct watched now = { stmt_col_int(s, 0), stmt_col_int(s, 1),
			stmt_col_int(s, 2) };

		called |= was_called(&now);
	}
	if (called) {
		return "somebody has it in hand, and others were called all the same";
	}
	return is_late() ? "something of a chain is late" : NULL;
}

uint64_t called_count(void)
{
	static const char sql[] = "SELECT count(*) FROM raise";
	struct stmt *s = db_stmt(world.core->ground.db, sql);
	struct err err;
	uint64_t count = stmt_step(s, &err) == 1 ? (uint64_t)stmt_col_int(s, 0) : 0;

	stmt_reset(s);
	return count;
}
