/* SPDX-License-Identifier: Apache-2.0 */
/* The prober: what it asks is seen, what it writes is counted. */
#include "core/checks/prober.h"

#include <stdlib.h>

#include "base/log.h"
#include "core_world.h"
#include "test.h"

/* A core before its first turn. */
static void must_start(struct core *core, const char *yaml)
{
	log_setup(LOG_ERROR, LOG_LOGFMT, "core");
	core_world_open(core, CORE_WORLD_STORE);
	core_world_configure(core, yaml);
}

/* One turn. Returns how many looks it asks for. */
static size_t turn(struct core *core)
{
	core_world_tick(core);
	return core_world_count(MSG_PROBE) + core_world_count(MSG_PROBE_COMMAND);
}

/* Did the turn write? */
static bool turn_writes(struct core *core)
{
	uint64_t before = core->ground.counters.commits;

	core_world_tick(core);
	return core->ground.counters.commits != before;
}

/* When the room wants to be asked again. */
static int64_t room_waits(struct core *core)
{
	struct deadline next = { DEADLINE_NEVER };
	struct err err;

	must_ok(prober_tick(&core->checks, &next, &err), err);
	return deadline_wait(&next, core_world.mono_ms);
}

static void say(struct core *core, uint64_t id, enum probe_verdict verdict, const char *detail)
{
	core_world_hears(core, ROLE_EGRESS, MSG_PROBED,
			&(struct msg_probed){ id, (uint8_t)verdict, detail });
}

static void answer(
		struct core *core, const char *name, enum probe_verdict verdict, const char *detail)
{
	const struct watch *watch = prober_find(&core->checks, name);

	must(watch && watch->probe_id);
	say(core, watch->probe_id, verdict, detail);
	core_world_tick(core);
}

static void answer_all(struct core *core, enum probe_verdict verdict)
{
	for (size_t i = 0; i < core->checks.len; i++) {
		if (core->checks.watches[i].probe_id) {
			say(core, core->checks.watches[i].probe_id, verdict, "said");
		}
	}
	core_world_tick(core);
}

#define ONE                                                             \
	"checks:\n"                                                     \
	"- {name: c, tcp: 'localhost:1', interval: 10s, timeout: 2s}\n" \
	"- {name: only-asked, tcp: 'localhost:1'}\n"

TEST(a_check_is_looked_at_every_interval_and_one_look_at_a_time)
{
	struct core core;

	must_start(&core, ONE);
	ck_int(core.checks.len, 1);
	ck_int(turn(&core), 1);
	ck_int(turn(&core), 0);
	ck_int(room_waits(&core), 7000); /* then egress is given up */
	core_world_pass(100);
	answer(&core, "c", VERDICT_HEALTHY, "connected");
	ck_int(turn(&core), 0);
	ck_int(room_waits(&core), PROBER_CHANGE_MS);
	core_world_pass(9880);
	ck_int(turn(&core), 0);
	ck_int(room_waits(&core), 20);
	core_world_pass(20);
	ck_int(turn(&core), 1);
	ck_int(prober_find(&core.checks, "c")->duration_ms, 100);
	core_world_end(&core);
}

TEST(who_does_not_answer_makes_it_unknown_and_is_asked_again)
{
	struct core core;

	must_start(&core, ONE);
	turn(&core);
	answer(&core, "c", VERDICT_HEALTHY, "connected");
	core_world_pass(10000);
	ck_int(turn(&core), 1);
	core_world_pass(6999);
	turn(&core);
	ck_int(prober_find(&core.checks, "c")->status, CHECK_HEALTHY);
	core_world_pass(1);
	ck_int(turn(&core), 0);
	ck_int(prober_find(&core.checks, "c")->status, CHECK_UNKNOWN);
	ck_str(prober_find(&core.checks, "c")->last_error, "no answer from egress");
	core_world_pass(3000);
	ck_int(turn(&core), 1);
	core_world_end(&core);
}

TEST(an_answer_that_nobody_waits_for_is_dropped)
{
	struct core core;
	uint64_t id;

	must_start(&core, ONE);
	turn(&core);
	id = prober_find(&core.checks, "c")->probe_id;
	core_world_pass(7000);
	turn(&core);
	say(&core, id, VERDICT_HEALTHY, "late");
	say(&core, 0, VERDICT_HEALTHY, "of nobody");
	core_world_tick(&core);
	ck_int(prober_find(&core.checks, "c")->status, CHECK_UNKNOWN);
	core_world_end(&core);
}

TEST(a_new_egress_is_asked_again)
{
	struct core core;

	must_start(&core, ONE);
	turn(&core);
	core_egress_new(&core);
	ck_int(turn(&core), 1);
	answer(&core, "c", VERDICT_HEALTHY, "connected");
	core_egress_new(&core);
	ck_int(turn(&core), 0);
	core_world_end(&core);
}

TEST(clocks_that_are_set_and_sleep_make_no_burst_and_no_stop)
{
	struct core core;

	must_start(&core, ONE);
	turn(&core);
	answer(&core, "c", VERDICT_HEALTHY, "connected");
	core_world.wall_ms -= INT64_C(86400000); /* set back by a day */
	core_world_pass(10000);
	ck_int(turn(&core), 1);
	answer(&core, "c", VERDICT_FAILING, "refused");
	ck_int(prober_find(&core.checks, "c")->since, core_world.wall_ms);
	core_world_pass(INT64_C(86400000)); /* a day asleep */
	ck_int(turn(&core), 1);
	answer(&core, "c", VERDICT_FAILING, "refused");
	ck_int(turn(&core), 0);
	core_world_pass(9900);
	ck_int(turn(&core), 0);
	core_world_pass(100);
	ck_int(turn(&core), 1);
	core_world_end(&core);
}

/* len checks of which all has an interval of 20s. */
static char *many(const char *kind, int len)
{
	struct buf text = { 0 };

	buf_adds(&text, "checks:\n");
	for (int i = 0; i < len; i++) {
		buf_addf(&text, "- {name: c%d, %s, interval: 20s}\n", i, kind);
	}
	return buf_detach(&text);
}

TEST(the_first_looks_are_spread_and_stay_spread)
{
	char *yaml = many("tcp: 'localhost:1'", 100);
	struct core core;
	size_t asked = 0;
	size_t most = 0;

	must_start(&core, yaml);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 200; i++) {
			size_t now = turn(&core);

			answer_all(&core, VERDICT_HEALTHY);
			most = now > most ? now : most;
			asked += now;
			core_world_pass(100);
		}
	}
	ck_int(asked, 200);
	ck_int(most, 1);
	free(yaml);
	core_world_end(&core);
}

TEST(looks_at_a_time_are_bounded_and_the_rest_follows)
{
	char *urls = many("tcp: 'localhost:1'", 300);
	char *programs = many("command: ['true']", 20);
	struct core core;

	must_start(&core, urls);
	ck_int(turn(&core), 1); /* the first looks are spread */
	answer_all(&core, VERDICT_HEALTHY);
	core_world_pass(PROBER_SPREAD_MS);
	ck_int(turn(&core), PROBER_EGRESS_MAX);
	core_world_pass(PROBER_GRAIN_MS);
	ck_int(turn(&core), 0);
	answer(&core, "c1", VERDICT_HEALTHY, "");
	ck_int(core_world_count(MSG_PROBE), 1);
	answer_all(&core, VERDICT_HEALTHY);
	core_world_pass(PROBER_GRAIN_MS);
	ck_int(turn(&core), PROBER_EGRESS_MAX);
	answer_all(&core, VERDICT_HEALTHY);
	core_world_pass(PROBER_GRAIN_MS);
	ck_int(turn(&core), 299 - 2 * PROBER_EGRESS_MAX - 1);
	core_world_end(&core);
	core_world_remove_store();
	must_start(&core, programs);
	ck_int(turn(&core), 1);
	answer_all(&core, VERDICT_FAILING);
	core_world_pass(PROBER_SPREAD_MS);
	ck_int(turn(&core), PROBER_COMMANDS_MAX);
	ck_int(turn(&core), 0);
	ck(room_waits(&core) > PROBER_GRAIN_MS);
	answer_all(&core, VERDICT_FAILING);
	core_world_pass(PROBER_GRAIN_MS);
	ck_int(turn(&core), PROBER_COMMANDS_MAX);
	core_world_end(&core);
	free(urls);
	free(programs);
}

TEST(each_has_its_turn_when_there_is_more_to_look_at_than_can_be)
{
	char *yaml = many("tcp: 'localhost:1'", 300);
	struct core core;

	must_start(&core, yaml);
	turn(&core);
	answer_all(&core, VERDICT_HEALTHY);
	for (int round = 0; round < 3; round++) {
		core_world_pass(60000); /* all are due again, those that were looked at too */
		ck_int(turn(&core), PROBER_EGRESS_MAX);
		answer_all(&core, VERDICT_HEALTHY);
	}
	for (size_t i = 0; i < core.checks.len; i++) {
		ck_int(core.checks.watches[i].last_at > 0, true);
	}
	free(yaml);
	core_world_end(&core);
}

TEST(a_look_costs_no_write_and_a_change_costs_one_soon)
{
	struct core core;
	uint64_t before;

	must_start(&core, "checks: [{name: c, tcp: 'localhost:1', interval: 1s}]\n");
	turn(&core);
	answer(&core, "c", VERDICT_HEALTHY, "");
	core_world_pass(PROBER_CHANGE_MS);
	ck(turn_writes(&core));
	before = core.ground.counters.commits;
	for (int i = 0; i < 600; i++) {
		core_world_pass(1000);
		turn(&core);
		answer(&core, "c", VERDICT_HEALTHY, "");
	}
	ck_int(core.ground.counters.commits - before, 10);
	core.storage.space.degraded = true;
	core_world_pass(1000);
	turn(&core);
	answer(&core, "c", VERDICT_FAILING, "no");
	core_world_pass(PROBER_CHANGE_MS);
	ck(!turn_writes(&core));
	core.storage.space.degraded = false;
	core_world_pass(PROBER_SAVE_MS);
	ck(turn_writes(&core));
	core_world_end(&core);
}

static void count_changes(const struct check_change *change, void *arg)
{
	(void)change;
	(*(int *)arg)++;
}

static int changes(struct core *core, const char *name)
{
	struct err err;
	int count = 0;

	must_ok(checks_changes(core->ground.db, name, count_changes, &count, &err), err);
	return count;
}

TEST(the_next_core_knows_since_when)
{
	struct core core;
	int64_t since;

	must_start(&core, ONE);
	turn(&core);
	answer(&core, "c", VERDICT_FAILING, "refused");
	since = core_world.wall_ms;
	core_world_pass(PROBER_CHANGE_MS);
	turn(&core);
	core_world_end(&core);
	core_world_pass(100000);
	must_start(&core, ONE);
	ck_int(prober_find(&core.checks, "c")->status, CHECK_FAILING);
	ck_int(prober_find(&core.checks, "c")->since, since);
	ck_str(prober_find(&core.checks, "c")->last_error, "refused");
	ck_int(turn(&core), 1);
	answer(&core, "c", VERDICT_FAILING, "refused");
	ck_int(prober_find(&core.checks, "c")->since, since);
	ck_int(changes(&core, "c"), 1);
	core_world_end(&core);
}

TEST(a_configuration_that_asks_something_else_begins_anew)
{
	struct core core;

	must_start(&core, ONE);
	turn(&core);
	answer(&core, "c", VERDICT_HEALTHY, "");
	core_world_pass(10000);
	turn(&core);
	/* Asked, and of the same meaning: the answer still counts. */
	core_world_configure(&core, "checks:\n- {name: c, tcp: 'localhost:1', interval: 20s}\n");
	ck_int(prober_find(&core.checks, "c")->status, CHECK_HEALTHY);
	ck_int(core.checks.in_flight[0], 1);
	say(&core, prober_find(&core.checks, "c")->probe_id, VERDICT_FAILING, "refused");
	ck_int(core.checks.in_flight[0], 0);
	ck_int(prober_find(&core.checks, "c")->status, CHECK_FAILING);
	ck_int(turn(&core), 1);
	core_world_pass(PROBER_CHANGE_MS);
	turn(&core);
	/* Asked, and of another meaning: it does not. */
	core_world_configure(&core, "checks:\n- {name: c, tcp: 'localhost:2', interval: 20s}\n");
	ck_int(prober_find(&core.checks, "c")->status, CHECK_UNKNOWN);
	ck_int(prober_find(&core.checks, "c")->probe_id, 0);
	ck_int(core.checks.in_flight[0], 0);
	turn(&core);
	core_world_pass(PROBER_CHANGE_MS);
	turn(&core);
	ck_int(changes(&core, "c"), 3); /* healthy, failing, unknown */
	core_world_configure(&core, "checks:\n- {name: c, tcp: 'localhost:2'}\n");
	turn(&core);
	ck_int(core.checks.len, 0);
	ck_int(changes(&core, "c"), 0);
	core_world_end(&core);
}
