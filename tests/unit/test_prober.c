/*
 * The prober with a clock that the test sets (clock_*_ms are replaced at link time), on a real
 * store. What it asks stands in the turn.
 */
#include "core/checks/prober.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "config/load.h"
#include "core/core.h"
#include "sys/file.h"
#include "sys/migrate.h"
#include "test.h"

int64_t __wrap_clock_wall_ms(void);
int64_t __wrap_clock_mono_ms(void);

static int64_t wall_ms = 1000000;
static int64_t mono_ms = 5000;

int64_t __wrap_clock_wall_ms(void)
{
	return wall_ms;
}

int64_t __wrap_clock_mono_ms(void)
{
	return mono_ms;
}

static void pass(int64_t ms)
{
	wall_ms += ms;
	mono_ms += ms;
}

static void ignore_closed(void *arg, const struct err *why)
{
	(void)arg;
	(void)why;
}

static const struct channel_ops silent = { NULL, ignore_closed };

static struct channel *must_channel(struct core *core)
{
	struct err err;
	int fds[2];

	must_ok(channel_pair(fds, &err), err);
	return channel_new(core->loop, fds[0], MESSAGE_LARGE_MAX, &silent, core);
}

static struct config *must_parse(const char *yaml)
{
	struct config_file file = { "test.yml", yaml, (uint32_t)strlen(yaml) };
	struct config_files files = { .items = &file, .len = 1 };
	struct buf report = { 0 };
	struct err err;
	struct config *config = load_config(&files, &report, &err);

	if (!config) {
		test_abort(__FILE__, __LINE__, "%s%s", buf_text(&report), err.msg);
	}
	buf_clear(&report);
	return config;
}

/* As the core does it: the new configuration, the prober, then the old one goes. */
static void configure(struct core *core, const char *yaml)
{
	struct generation *generation = calloc(1, sizeof(*generation));
	struct err err;

	must(generation);
	generation->config = must_parse(yaml);
	generation->older = core->generations;
	core->generations = generation;
	must_ok(prober_configure(core, &err), err);
	if (generation->older) {
		config_free(generation->older->config);
		free(generation->older);
		generation->older = NULL;
	}
}

static void must_start(struct core *core, const char *yaml)
{
	struct err err;

	log_setup(LOG_ERROR, LOG_LOGFMT, "core");
	*core = (struct core){ 0 };
	core->loop = loop_new(&err);
	must(core->loop);
	core->control = must_channel(core);
	core->egress = must_channel(core);
	core->storage_fd = file_open_dir(AT_FDCWD, ".", &err);
	core->db = db_open("test.db", &err);
	must(core->db);
	must_ok(migrate(core->db, &err), err);
	core->turn.db = core->db;
	configure(core, yaml);
}

/* One turn, no sooner after the last one than looks are. Returns how many looks it asks for;
 * *ret_writes (or NULL): did it write? */
static size_t turn(struct core *core, int64_t *ret_wait, bool *ret_writes)
{
	struct err err;
	int64_t wait = prober_tick(core, &err);
	size_t asked = core->turn.held_len;

	if (wait == -2) {
		test_abort(__FILE__, __LINE__, "tick: %s", err.msg);
	}
	if (ret_wait) {
		*ret_wait = wait;
	}
	if (ret_writes) {
		*ret_writes = db_in_transaction(core->db);
	}
	must_ok(turn_end(&core->turn, &err), err);
	return asked;
}

static void answer(
		struct core *core, const char *name, enum probe_verdict verdict, const char *detail)
{
	const struct watch *watch = prober_find(core, name);

	must(watch && watch->probe_id);
	prober_probed(core, &(struct msg_probed){ watch->probe_id, (uint8_t)verdict, detail });
}

static void answer_all(struct core *core, enum probe_verdict verdict)
{
	for (size_t i = 0; i < core->prober.len; i++) {
		if (core->prober.items[i].probe_id) {
			answer(core, core->prober.items[i].check->name, verdict, "said");
		}
	}
}

#define ONE                                                             \
	"checks:\n"                                                     \
	"- {name: c, tcp: 'localhost:1', interval: 10s, timeout: 2s}\n" \
	"- {name: only-asked, tcp: 'localhost:1'}\n"

TEST(a_check_is_looked_at_every_interval_and_one_look_at_a_time)
{
	struct core core;
	int64_t wait;

	must_start(&core, ONE);
	ck_int(core.prober.len, 1);
	ck_int(turn(&core, &wait, NULL), 1);
	ck_int(turn(&core, &wait, NULL), 0);
	ck_int(wait, 7000); /* then egress is given up */
	pass(100);
	answer(&core, "c", VERDICT_HEALTHY, "connected");
	ck_int(turn(&core, &wait, NULL), 0);
	ck_int(wait, PROBER_CHANGE_MS);
	pass(9880);
	ck_int(turn(&core, &wait, NULL), 0);
	ck_int(wait, 20);
	pass(20);
	ck_int(turn(&core, NULL, NULL), 1);
	ck_int(prober_find(&core, "c")->duration_ms, 100);
	core_clear(&core);
}

TEST(who_does_not_answer_makes_it_unknown_and_is_asked_again)
{
	struct core core;

	must_start(&core, ONE);
	turn(&core, NULL, NULL);
	answer(&core, "c", VERDICT_HEALTHY, "connected");
	pass(10000);
	ck_int(turn(&core, NULL, NULL), 1);
	pass(6999);
	turn(&core, NULL, NULL);
	ck_int(prober_find(&core, "c")->status, CHECK_HEALTHY);
	pass(1);
	ck_int(turn(&core, NULL, NULL), 0);
	ck_int(prober_find(&core, "c")->status, CHECK_UNKNOWN);
	ck_str(prober_find(&core, "c")->last_error, "no answer from egress");
	pass(3000);
	ck_int(turn(&core, NULL, NULL), 1);
	core_clear(&core);
}

TEST(an_answer_that_nobody_waits_for_is_dropped)
{
	struct core core;
	uint64_t id;

	must_start(&core, ONE);
	turn(&core, NULL, NULL);
	id = prober_find(&core, "c")->probe_id;
	pass(7000);
	turn(&core, NULL, NULL);
	prober_probed(&core, &(struct msg_probed){ id, VERDICT_HEALTHY, "late" });
	prober_probed(&core, &(struct msg_probed){ 0, VERDICT_HEALTHY, "of nobody" });
	ck_int(prober_find(&core, "c")->status, CHECK_UNKNOWN);
	core_clear(&core);
}

TEST(a_new_egress_is_asked_again)
{
	struct core core;
	struct err err;

	must_start(&core, ONE);
	turn(&core, NULL, NULL);
	prober_egress_new(&core);
	ck_int(core.turn.held_len, 1);
	must_ok(turn_end(&core.turn, &err), err);
	answer(&core, "c", VERDICT_HEALTHY, "connected");
	prober_egress_new(&core);
	ck_int(core.turn.held_len, 0);
	core_clear(&core);
}

TEST(clocks_that_are_set_and_sleep_make_no_burst_and_no_stop)
{
	struct core core;

	must_start(&core, ONE);
	turn(&core, NULL, NULL);
	answer(&core, "c", VERDICT_HEALTHY, "connected");
	wall_ms -= INT64_C(86400000); /* set back by a day */
	pass(10000);
	ck_int(turn(&core, NULL, NULL), 1);
	answer(&core, "c", VERDICT_FAILING, "refused");
	ck_int(prober_find(&core, "c")->since, wall_ms);
	pass(INT64_C(86400000)); /* a day asleep */
	ck_int(turn(&core, NULL, NULL), 1);
	answer(&core, "c", VERDICT_FAILING, "refused");
	ck_int(turn(&core, NULL, NULL), 0);
	pass(9900);
	ck_int(turn(&core, NULL, NULL), 0);
	pass(100);
	ck_int(turn(&core, NULL, NULL), 1);
	core_clear(&core);
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
			size_t now = turn(&core, NULL, NULL);

			answer_all(&core, VERDICT_HEALTHY);
			most = now > most ? now : most;
			asked += now;
			pass(100);
		}
	}
	ck_int(asked, 200);
	ck_int(most, 1);
	free(yaml);
	core_clear(&core);
}

TEST(looks_at_a_time_are_bounded_and_the_rest_follows)
{
	char *urls = many("tcp: 'localhost:1'", 300);
	char *programs = many("command: ['true']", 20);
	struct core core;
	int64_t wait;

	must_start(&core, urls);
	pass(PROBER_SPREAD_MS);
	ck_int(turn(&core, NULL, NULL), PROBER_EGRESS_MAX);
	pass(PROBER_GRAIN_MS);
	ck_int(turn(&core, NULL, NULL), 0);
	answer(&core, "c0", VERDICT_HEALTHY, "");
	pass(PROBER_GRAIN_MS);
	ck_int(turn(&core, NULL, NULL), 1);
	answer_all(&core, VERDICT_HEALTHY);
	pass(PROBER_GRAIN_MS);
	ck_int(turn(&core, NULL, NULL), PROBER_EGRESS_MAX);
	answer_all(&core, VERDICT_HEALTHY);
	pass(PROBER_GRAIN_MS);
	ck_int(turn(&core, NULL, NULL), 300 - 2 * PROBER_EGRESS_MAX - 1);
	core_clear(&core);
	unlink("test.db");
	must_start(&core, programs);
	pass(PROBER_SPREAD_MS);
	ck_int(turn(&core, &wait, NULL), PROBER_COMMANDS_MAX);
	ck_int(turn(&core, &wait, NULL), 0);
	ck_int(wait > PROBER_GRAIN_MS, true);
	answer_all(&core, VERDICT_FAILING);
	pass(PROBER_GRAIN_MS);
	ck_int(turn(&core, NULL, NULL), PROBER_COMMANDS_MAX);
	core_clear(&core);
	free(urls);
	free(programs);
}

TEST(each_has_its_turn_when_there_is_more_to_look_at_than_can_be)
{
	char *yaml = many("tcp: 'localhost:1'", 300);
	struct core core;

	must_start(&core, yaml);
	for (int round = 0; round < 3; round++) {
		pass(60000); /* all are due again, those that were looked at too */
		ck_int(turn(&core, NULL, NULL), PROBER_EGRESS_MAX);
		answer_all(&core, VERDICT_HEALTHY);
	}
	for (size_t i = 0; i < core.prober.len; i++) {
		ck_int(core.prober.items[i].last_at > 0, true);
	}
	free(yaml);
	core_clear(&core);
}

TEST(a_look_costs_no_write_and_a_change_costs_one_soon)
{
	struct core core;
	bool writes;
	int written = 0;

	must_start(&core, "checks: [{name: c, tcp: 'localhost:1', interval: 1s}]\n");
	turn(&core, NULL, NULL);
	answer(&core, "c", VERDICT_HEALTHY, "");
	pass(PROBER_CHANGE_MS);
	turn(&core, NULL, &writes);
	ck_int(writes, true);
	for (int i = 0; i < 600; i++) {
		pass(1000);
		turn(&core, NULL, &writes);
		written += writes;
		answer(&core, "c", VERDICT_HEALTHY, "");
	}
	ck_int(written >= 9 && written <= 10, true);
	answer_all(&core, VERDICT_HEALTHY);
	core.space.degraded = true;
	pass(1000);
	turn(&core, NULL, NULL);
	answer(&core, "c", VERDICT_FAILING, "no");
	pass(PROBER_CHANGE_MS);
	turn(&core, NULL, &writes);
	ck_int(writes, false);
	core.space.degraded = false;
	pass(PROBER_SAVE_MS);
	turn(&core, NULL, &writes);
	ck_int(writes, true);
	core_clear(&core);
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

	must_ok(checks_changes(core->db, name, count_changes, &count, &err), err);
	return count;
}

TEST(the_next_core_knows_since_when)
{
	struct core core;
	int64_t since;

	must_start(&core, ONE);
	turn(&core, NULL, NULL);
	answer(&core, "c", VERDICT_FAILING, "refused");
	since = wall_ms;
	pass(PROBER_CHANGE_MS);
	turn(&core, NULL, NULL);
	core_clear(&core);
	pass(100000);
	must_start(&core, ONE);
	ck_int(prober_find(&core, "c")->status, CHECK_FAILING);
	ck_int(prober_find(&core, "c")->since, since);
	ck_str(prober_find(&core, "c")->last_error, "refused");
	ck_int(turn(&core, NULL, NULL), 1);
	answer(&core, "c", VERDICT_FAILING, "refused");
	ck_int(prober_find(&core, "c")->since, since);
	ck_int(changes(&core, "c"), 1);
	core_clear(&core);
}

TEST(a_configuration_that_asks_something_else_begins_anew)
{
	struct core core;
	struct err err;

	must_start(&core, ONE);
	turn(&core, NULL, NULL);
	answer(&core, "c", VERDICT_HEALTHY, "");
	pass(10000);
	turn(&core, NULL, NULL);
	/* Asked, and of the same meaning: the answer still counts. */
	configure(&core, "checks:\n- {name: c, tcp: 'localhost:1', interval: 20s}\n");
	ck_int(prober_find(&core, "c")->status, CHECK_HEALTHY);
	ck_int(core.prober.in_flight[0], 1);
	answer(&core, "c", VERDICT_FAILING, "refused");
	ck_int(core.prober.in_flight[0], 0);
	pass(20000);
	turn(&core, NULL, NULL);
	/* Asked, and of another meaning: it does not. */
	configure(&core, "checks:\n- {name: c, tcp: 'localhost:2', interval: 20s}\n");
	ck_int(prober_find(&core, "c")->status, CHECK_UNKNOWN);
	ck_int(prober_find(&core, "c")->probe_id, 0);
	ck_int(core.prober.in_flight[0], 0);
	must_ok(turn_end(&core.turn, &err), err);
	pass(PROBER_CHANGE_MS);
	turn(&core, NULL, NULL);
	ck_int(changes(&core, "c"), 3); /* healthy, failing, unknown */
	configure(&core, "checks:\n- {name: c, tcp: 'localhost:2'}\n");
	must_ok(turn_end(&core.turn, &err), err);
	ck_int(core.prober.len, 0);
	ck_int(changes(&core, "c"), 0);
	turn(&core, NULL, NULL);
	core_clear(&core);
}
