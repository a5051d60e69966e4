#include "people.h"

#include <stdio.h>

#include "core/api/dispatch.h"
#include "domain/label.h"
#include "store/approvals.h"
#include "world.h"

static int ask(enum route route, uint64_t id, struct label *args, size_t len, struct err *err)
{
	const struct msg_query query = { .id = PEOPLE_ASK_ID,
		.route = (uint16_t)route,
		.ids = { id },
		.principal = "sim",
		.key = "",
		.args = { args, len } };

	return api_query(world.core, &query, err);
}

/* Mostly one that goes on. */
static int cancel(struct err *err)
{
	const struct runner *runner = &world.core->runner;
	uint64_t id = 1 + world_random(60);

	if (runner->len && world_random(100) < 70) {
		id = (uint64_t)runner->active[world_random((unsigned)runner->len)]->run_id;
	}
	return ask(ROUTE_RUN_CANCEL, id, NULL, 0, err);
}

struct question {
	uint64_t run;
	char digest[DIGEST_TEXT_MAX];
};

/* Any of those that are open: the one before, in half of all cases. */
static void see_question(const struct approval_row *row, void *arg)
{
	struct question *question = arg;

	if (!question->run || world_random(2)) {
		question->run = row->binding.run;
		digest_text(row->digest, question->digest);
	}
}

/* Mostly what is asked; sometimes with an old digest, or to whatever run. */
static int answer(enum route route, struct err *err)
{
	static struct question old;
	struct question question = { 0 };
	struct label args[] = { { "digest", question.digest }, { "reason", "the sim" } };

	if (approvals_pending(world.core->db, see_question, &question, err) < 0) {
		return -1;
	}
	if (!question.run || world_random(10) == 0) {
		question = old;
	}
	if (!question.run) {
		return 0;
	}
	old = question;
	return ask(route, question.run, args, 2, err);
}

static int pause_some_time(struct err *err)
{
	char ms[16];
	struct label args[] = { { "for", ms }, { "reason", "the sim" } };

	snprintf(ms, sizeof(ms), "%u", 1 + world_random(300000));
	return ask(ROUTE_PAUSE_BEGIN, 0, args, 2, err);
}

static int pause_until_resumed(struct err *err)
{
	struct label args[] = { { "reason", "the sim" } };

	return ask(ROUTE_PAUSE_BEGIN, 0, args, 1, err);
}

int people_resume(struct err *err)
{
	return ask(ROUTE_PAUSE_END, 0, NULL, 0, err);
}

static int start(struct err *err)
{
	static const char *const services[] = { "a", "b", "c" };
	struct label args[] = { { "force", world_random(4) ? "false" : "true" },
		{ "params.service", services[world_random(3)] },
		{ "playbook", world_random(2) ? "guarded" : "asks" }, { "reason", "the sim" } };

	return ask(ROUTE_PLAYBOOK_RUN, 0, args, 4, err);
}

/* One of the incidents, mostly a late one. */
static uint64_t some_incident(void)
{
	static const char sql[] = "SELECT coalesce(max(id), 0) FROM incident";
	struct stmt *s = db_stmt(world.core->db, sql);
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
static int talk(struct err *err)
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

	return ask((enum route)words[i].route, some_incident(), args, words[i].len, err);
}

int people_act(struct err *err)
{
	unsigned dice = world_random(100);

	if (world_random(2)) {
		return talk(err);
	}
	if (dice < 25) {
		return cancel(err);
	}
	if (dice < 30) {
		return pause_some_time(err);
	}
	if (dice < 33) {
		return pause_until_resumed(err);
	}
	if (dice < 75) {
		return answer(ROUTE_RUN_APPROVE, err);
	}
	if (dice < 80) {
		return answer(ROUTE_RUN_REJECT, err);
	}
	return dice < 92 ? people_resume(err) : start(err);
}
