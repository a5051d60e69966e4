/* SPDX-License-Identifier: Apache-2.0 */
#include "core/state/pause.h"

#include "core_world.h"
#include "peers.h"
#include "test.h"

#define MINUTE (INT64_C(60) * 1000)

static const char yaml[] =
		"playbooks: [{ name: p, matchers: [a=b], steps: [{ name: s, wait: 1s }] }]\n";

static void begin(struct core *core, const char *ms)
{
	peers_ask(core, &(struct peers_question){ ROUTE_PAUSE_BEGIN,
					.args = PAIRS("for", ms, "reason", "r") });
}

/* When the state wants to be asked again; -1: never. */
static int64_t state_waits(struct core *core)
{
	struct deadline next = { DEADLINE_NEVER };
	struct err err;

	must_ok(pause_tick(&core->ground, &next, &err), err);
	return deadline_wait(&next, core_world.mono_ms);
}

TEST(a_pause_ends_when_its_time_is_over)
{
	struct core core;

	core_world_start(&core, yaml);
	ck_int(state_waits(&core), -1);
	begin(&core, "90000");
	ck(pause_is_on(&core.ground));
	ck_int(state_waits(&core), 60000); /* the wall clock may be set meanwhile */
	core_world_wait(&core, 60000);
	ck_int(state_waits(&core), 30000);
	core_world_wait(&core, 29999);
	ck(pause_is_on(&core.ground));
	core_world_wait(&core, 1);
	ck(!pause_is_on(&core.ground));
	ck_int(state_waits(&core), -1);
	ck_str(core_world_rows(&core, "SELECT ended_by || ' ' || (ended_at - at) FROM pause"),
			"its time 90000");
	core_world_end(&core);
}

TEST(without_a_time_it_is_on_until_it_is_switched_off)
{
	struct core core;

	core_world_start(&core, yaml);
	begin(&core, "0");
	core_world_wait(&core, 10000 * MINUTE);
	ck(pause_is_on(&core.ground));
	peers_ask(&core, &(struct peers_question){ ROUTE_PAUSE_END, .by = "adam" });
	ck(!pause_is_on(&core.ground));
	ck_str(core_world_rows(&core, "SELECT ended_by FROM pause"), "adam");
	core_world_end(&core);
}

TEST(switched_on_again_it_is_on_since_the_first_time)
{
	struct core core;
	int64_t since = core_world.wall_ms;

	core_world_start(&core, yaml);
	begin(&core, "60000");
	core_world_wait(&core, 30000);
	begin(&core, "60000");
	ck_int(core.ground.pause.guard.since, since);
	core_world_wait(&core, 59999);
	ck(pause_is_on(&core.ground));
	core_world_wait(&core, 1);
	ck(!pause_is_on(&core.ground));
	core_world_end(&core);
}

TEST(a_clock_that_is_set_back_does_not_prolong_it)
{
	struct core core;

	core_world_start(&core, yaml);
	begin(&core, "90000");
	core_world.wall_ms -= 24 * 60 * MINUTE;
	core_world_wait(&core, 90000);
	ck(!pause_is_on(&core.ground));
	core_world_end(&core);
}
