/* SPDX-License-Identifier: Apache-2.0 */
#include "people.h"

#include <stdio.h>

#include "core/run/active.h"
#include "domain/label.h"
#include "store/approvals.h"
#include "world.h"

static void ask(enum route route, uint64_t id, struct label *args, size_t len)
{
	const struct msg_query query = { .id = PEOPLE_ASK_ID,
		.route = (uint16_t)route,
		.ids = { id },
		.principal = "sim",
		.key = "",
		.args = { args, len } };

	core_world_hears(world.core, ROLE_FRONT, MSG_QUERY, &query);
}

/* Mostly one that goes on. */
static void cancel(void)
{
	const struct run_room *run = &world.core->run;
	uint64_t id = 1 + world_random(60);

	if (run->len && world_random(100) < 70) {
		id = (uint64_t)run->active[world_random((unsigned)run->len)]->run_id;
	}
	ask(ROUTE_RUN_CANCEL, id, NULL, 0);
}

struct asked {
	uint64_t run;
	char digest[DIGEST_TEXT_MAX];
};

/* Any of those that are open: the one before, in half of all cases. */
static void on_question(const struct approval_row *row, void *arg)
{
	struct asked *question = arg;

	if (!question->run || world_random(2)) {
		question->run = row->binding.run;
		digest_text(row->digest, question->digest);
	}
}

/* Mostly what is asked; sometimes with an old digest, or to whatever run. */
static void answer(enum route route)
{
	static struct asked old;
	struct asked question = { 0 };
	struct label args[] = { { "digest", question.digest }, { "reason", "the sim" } };

	struct err err;

	/* When the core dies here, it did so before it was asked anything. */
	approvals_pending(world.core->ground.db, on_question, &question, &err);
	if (!question.run || world_random(10) == 0) {
		question = old;
	}
	if (!question.run) {
		return;
	}
	old = question;
	ask(route, question.run, args, 2);
}

static void pause_some_time(void)
{
	char ms[16];
	struct label args[] = { { "for", ms }, { "reason", "the sim" } };

	snprintf(ms, sizeof(ms), "%u", 1 + world_random(300000));
	ask(ROUTE_PAUSE_BEGIN, 0, args, 2);
}

static void pause_until_resumed(void)
{
	struct label args[] = { { "reason", "the sim" } };

	ask(ROUTE_PAUSE_BEGIN, 0, args, 1);
}

void people_resume(void)
{
	ask(ROUTE_PAUSE_END, 0, NULL, 0);
}

static void start(void)
{
	static const char *const services[] = { "a", "b", "c" };
	struct label args[] = { { "force", world_random(4) ? "false" : "true" },
		{ "params.service", services[world_random(3)] },
		{ "playbook", world_random(2) ? "guarded" : "asks" }, { "reason", "the sim" } };

	if (world_random(3) == 0) {
		struct label plain[] = { args[0], { "playbook", "plain" }, args[3] };

		ask(ROUTE_PLAYBOOK_RUN, 0, plain, 3);
		return;
	}
	ask(ROUTE_PLAYBOOK_RUN, 0, args, 4);
}

/* One of the incidents, mostly a late one. */
static uint64_t some_incident(void)
{
	static const char sql[] = "SELECT coalesce(max(id), 0) FROM incident";
	struct stmt *s = db_stmt(world.core->ground.db, sql);
	struct err err;
	uint64_t last = 0;

	if (stmt_step(s, &err) == 1) {
		last = (uint64_t)stmt_col_int(s, 0);
		stmt_reset(s);
	}
	return last < 4 || !world_random(8) ? 1 + world_random((unsigned)last + 1)
					    : last - world_random(4);
}

/* Somebody says something of an incident. */
static void talk(void)
{
	static const struct {
		uint16_t route;
		struct label args[2];
		size_t len;
	} words[] = {
		{ ROUTE_ACKNOWLEDGE, { { "note", "mine" } }, 1 },
		{ ROUTE_ACKNOWLEDGE, { { 0 } }, 0 },
		{ ROUTE_NOTE, { { "text", "look at\nthis" } }, 1 },
		{ ROUTE_RESOLVE, { { "reason", "it is over" } }, 1 },
		{ ROUTE_RESOLVE, { { "reason", "it is over" } }, 1 },
		{ ROUTE_CLOSE, { { 0 } }, 0 },
		{ ROUTE_CHANGE, { { "major", "true" }, { "rootCause", "cat" } }, 2 },
		{ ROUTE_CHECKLIST_ITEM, { { "done", "true" }, { "item", "review" } }, 2 },
		{ ROUTE_CHECKLIST_ITEM, { { "done", "false" }, { "item", "review" } }, 2 },
		{ ROUTE_FOLLOW_UP_ADD, { { "text", "more disk" } }, 1 },
		{ ROUTE_FOLLOW_UP_CHANGE, { { "done", "true" } }, 1 },
		{ ROUTE_INCIDENT_ESCALATE, { { "reason", "help" } }, 1 },
		{ ROUTE_INCIDENT_ESCALATE, { { "level", "L3" }, { "reason", "help" } }, 2 },
		{ ROUTE_POSTMORTEM, { { 0 } }, 0 },
	};
	unsigned i = world_random(sizeof(words) / sizeof(words[0]));
	struct label args[2] = { words[i].args[0], words[i].args[1] };

	ask((enum route)words[i].route, some_incident(), args, words[i].len);
}

void people_act(void)
{
	unsigned dice = world_random(100);

	if (world_random(2)) {
		talk();
	} else if (dice < 25) {
		cancel();
	} else if (dice < 30) {
		pause_some_time();
	} else if (dice < 33) {
		pause_until_resumed();
	} else if (dice < 75) {
		answer(ROUTE_RUN_APPROVE);
	} else if (dice < 80) {
		answer(ROUTE_RUN_REJECT);
	} else if (dice < 92) {
		people_resume();
	} else {
		start();
	}
}
