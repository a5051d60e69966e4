#include "people.h"

#include <stdio.h>

#include "core/api.h"
#include "domain/label.h"
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
		{ "params.service", services[world_random(3)] }, { "playbook", "guarded" },
		{ "reason", "the sim" } };

	return ask(ROUTE_PLAYBOOK_RUN, 0, args, 4, err);
}

int people_act(struct err *err)
{
	unsigned dice = world_random(100);

	if (dice < 50) {
		return cancel(err);
	}
	if (dice < 60) {
		return pause_some_time(err);
	}
	if (dice < 65) {
		return pause_until_resumed(err);
	}
	return dice < 85 ? people_resume(err) : start(err);
}
