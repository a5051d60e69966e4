#include "core/api/command/run_commands.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "core/api/dispatch.h"
#include "core/core.h"
#include "core/run/outcome.h"
#include "core/run/recovery.h"
#include "core/run/run_request.h"
#include "store/pauses.h"
#include "store/steps.h"
#include "sys/file.h"
#include "sys/migrate.h"
#include "test.h"

/* A core on a real store in the test's folder. What it sends is seen in its turn. */

static const char yaml[] = "playbooks:\n"
			   "  - name: act\n"
			   "    matchers: ['alertname=\"Down\"']\n"
			   "    params:\n"
			   "      service: { from: labels.service, pattern: \"[a-z]+\" }\n"
			   "      zone: { value: \"z1\" }\n"
			   "    guards:\n"
			   "      cooldown: 10m\n"
			   "      limit: { runs: 9, per: 1h }\n"
			   "      lock: \"service/${service}\"\n"
			   "      max_targets: { distinct: service, at_most: 2, per: 10m }\n"
			   "    steps: [{ name: one, run: [true] }]\n"
			   "  - name: rest\n"
			   "    matchers: ['alertname=\"Slow\"']\n"
			   "    steps: [{ name: w, wait: 1h }]\n";

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

static void must_start(struct core *core)
{
	struct config_file file = { "test.yml", yaml, (uint32_t)strlen(yaml) };
	struct config_files files = { .items = &file, .len = 1 };
	struct buf report = { 0 };
	struct err err;

	*core = (struct core){ 0 };
	core->loop = loop_new(&err);
	must(core->loop != NULL);
	core->control = must_channel(core);
	core->front = must_channel(core);
	core->storage_fd = file_open_dir(AT_FDCWD, ".", &err);
	core->db = db_open("test.db", &err);
	must(core->db != NULL);
	must_ok(migrate(core->db, &err), err);
	core->turn.db = core->db;
	core->generations = calloc(1, sizeof(*core->generations));
	must(core->generations != NULL);
	core->generations->config = config_parse(&files, &report, &err);
	if (!core->generations->config) {
		test_abort(__FILE__, __LINE__, "%s", buf_text(&report));
	}
	buf_clear(&report);
	must_ok(pause_load(core, &err), err);
	must_ok(recovery_run(core, &err), err);
}

static void must_tick(struct core *core)
{
	struct err err;

	if (pause_tick(core, &err) == -2 || runner_tick(core, &err) == -2) {
		test_abort(__FILE__, __LINE__, "tick: %s", err.msg);
	}
}

static void must_commit(struct core *core)
{
	struct err err;

	must_ok(turn_end(&core->turn, &err), err);
}

/* The answer: its code and what it says, until the next. */
struct told {
	uint8_t code;
	char text[2000];
};

static struct told ask(struct core *core, enum route route, uint64_t id, const char *key,
		const struct labels *args)
{
	const struct msg_query query = { .id = 1,
		.route = (uint16_t)route,
		.ids = { id },
		.principal = "eve",
		.key = key,
		.args = *args };
	struct arena *arena = arena_new();
	struct msg_answer answer;
	struct told told = { 0 };
	const struct held *held;
	struct err err;

	must_ok(api_query(core, &query, &err), err);
	must(core->turn.held_len > 0);
	held = &core->turn.held[core->turn.held_len - 1];
	must_ok(wire_decode(message_types[MSG_ANSWER], core->turn.payloads.data + held->offset,
				held->len, arena, &answer, &err),
			err);
	told.code = answer.code;
	snprintf(told.text, sizeof(told.text), "%s%.*s", answer.error,
			answer.code ? 0 : (int)answer.content.len,
			(const char *)answer.content.data);
	arena_free(arena);
	return told;
}

static struct told start_act(struct core *core, const char *service, bool force, const char *key)
{
	struct label items[] = {
		{ "force", force ? "true" : "false" },
		{ "params.service", service },
		{ "playbook", "act" },
		{ "reason", "because" },
	};
	const struct labels args = { items, 4 };

	return ask(core, ROUTE_PLAYBOOK_RUN, 0, key, &args);
}

static struct told start_rest(struct core *core)
{
	struct label items[] = { { "playbook", "rest" } };
	const struct labels args = { items, 1 };

	return ask(core, ROUTE_PLAYBOOK_RUN, 0, "", &args);
}

static struct told cancel(struct core *core, uint64_t id)
{
	struct label items[] = { { "reason", "enough" } };
	const struct labels args = { items, 1 };

	return ask(core, ROUTE_RUN_CANCEL, id, "", &args);
}

static void take_run(const struct run_row *row, void *arg)
{
	snprintf(arg, 600, "%s: %s", run_status_names[row->status], row->reason);
}

static const char *run_text(struct core *core, int64_t id)
{
	static char text[600];
	struct err err;

	must(runs_get(core->db, id, take_run, text, &err) == 1);
	return text;
}

static void take_step(const struct step_row *row, void *arg)
{
	char *text = arg;

	snprintf(text + strlen(text), 100, "%s ", step_status_names[row->status]);
}

static const char *steps_text(struct core *core, int64_t id)
{
	static char text[1000];
	struct err err;

	text[0] = '\0';
	must_ok(steps_list(core->db, id, take_step, text, &err), err);
	return text;
}

static size_t held_of(const struct core *core, enum message_id type)
{
	size_t count = 0;

	for (size_t i = 0; i < core->turn.held_len; i++) {
		count += core->turn.held[i].type == type;
	}
	return count;
}

static void take_request(const struct run_row *row, void *arg)
{
	snprintf(arg, 600, "%s by %s, %s%s, lock %s", row->trigger, row->requested_by,
			row->request_reason, row->override_guards ? ", forced" : "", row->lock);
}

TEST(a_run_by_hand_says_who_asked_for_it_and_why)
{
	struct core core;
	char text[600];
	struct err err;

	must_start(&core);
	ck_has(start_act(&core, "argus", false, "").text, "\"runId\":1,");
	must(runs_get(core.db, 1, take_request, text, &err) == 1);
	ck_str(text, "manual by eve, because, lock service/argus");
	must_commit(&core);
	core_clear(&core);
}

TEST(the_facts_of_a_request_are_those_of_the_runs_before_it)
{
	struct core core;
	struct label items[] = { { "service", "argus" }, { "zone", "z1" } };
	const struct labels params = { items, 2 };
	struct run_request request = { .params = &params, .by_hand = true };
	uint8_t before[DIGEST_SIZE];
	struct plan_facts facts;
	struct err err;

	must_start(&core);
	start_act(&core, "argus", false, "");
	start_act(&core, "hermes", false, "");
	request.playbook = config_playbook(core_config(&core), "act");
	request.now = clock_wall_ms() + 1;
	must_ok(facts_gather(&core, &request, &facts, &err), err);
	ck_int(facts.last_run.id, 1);
	ck_int(facts.last_run.at, 0);
	ck_int(facts.other_targets, 1);
	ck_int(facts.in_window, 2);
	memcpy(before, request.target, DIGEST_SIZE);
	items[0].value = "zeus";
	must_ok(facts_gather(&core, &request, &facts, &err), err);
	ck(memcmp(before, request.target, DIGEST_SIZE) != 0);
	ck_int(facts.last_run.id, 0);
	ck_int(facts.other_targets, 2);
	must_commit(&core);
	core_clear(&core);
}

TEST(a_guard_answers_in_its_own_words_unless_it_is_forced)
{
	struct core core;
	struct told told;

	must_start(&core);
	start_act(&core, "argus", false, "");
	told = start_act(&core, "argus", false, "");
	ck_int(told.code, ERR_CONFLICT);
	ck_str(told.text, "cooldown: run 1 is not over yet");
	told = start_act(&core, "argus", true, "");
	ck_int(told.code, ERR_NONE);
	ck_has(told.text, "\"reason\":\"playbook act, forced\"");
	must_commit(&core);
	core_clear(&core);
}

TEST(the_same_key_gives_the_same_answer_also_of_the_next_core)
{
	struct core core;
	struct told first;
	struct told told;

	must_start(&core);
	first = start_act(&core, "argus", false, "k1");
	ck_int(first.code, ERR_NONE);
	ck_str(start_act(&core, "argus", false, "k1").text, first.text);
	must_commit(&core);
	core_clear(&core);
	must_start(&core);
	ck_str(start_act(&core, "argus", false, "k1").text, first.text);
	told = start_act(&core, "hermes", false, "k1");
	ck_int(told.code, ERR_CONFLICT);
	ck_has(told.text, "'k1' was used for something else");
	ck_has(start_act(&core, "hermes", false, "k2").text, "\"runId\":2,");
	must_commit(&core);
	core_clear(&core);
}

TEST(while_paused_only_what_is_forced_starts)
{
	struct core core;
	struct label items[] = { { "reason", "hands off" } };
	const struct labels args = { items, 1 };
	const struct labels none = { 0 };

	must_start(&core);
	start_act(&core, "argus", false, "");
	ck_has(ask(&core, ROUTE_PAUSE_BEGIN, 0, "", &args).text, "\"paused\":true");
	ck_has(start_act(&core, "hermes", true, "").text, "\"runId\":2,");
	must_tick(&core);
	ck_str(run_text(&core, 1), "queued: ");
	ck_str(run_text(&core, 2), "running: ");
	must_commit(&core);
	core_clear(&core);

	must_start(&core);
	must_tick(&core);
	ck_str(run_text(&core, 1), "queued: ");
	ck_has(ask(&core, ROUTE_PAUSE_END, 0, "", &none).text, "\"paused\":false");
	must_tick(&core);
	ck_str(run_text(&core, 1), "running: ");
	must_commit(&core);
	core_clear(&core);
}

TEST(a_pause_whose_time_passed_while_the_core_was_down_is_over)
{
	struct core core;
	const struct pause_row row = { .at = 1000, .until = 2000, .reason = "r", .by = "eve" };
	struct err err;

	must_start(&core);
	must_ok(pauses_add(core.db, &row, &err), err);
	must_ok(pause_load(&core, &err), err);
	ck(core.pause.guard.since == 1000);
	ck(!pause_is_on(&core));
	must_tick(&core);
	ck_int(core.pause.guard.since, 0);
	must_commit(&core);
	core_clear(&core);
	must_start(&core);
	ck_int(core.pause.guard.since, 0);
	core_clear(&core);
}

TEST(a_queued_run_is_canceled_without_anybody_else)
{
	struct core core;

	must_start(&core);
	start_act(&core, "argus", false, "");
	ck_int(cancel(&core, 1).code, ERR_NONE);
	ck_str(run_text(&core, 1), "canceled: canceled by eve: enough");
	ck_int(core.runner.len, 0);
	ck_int(held_of(&core, MSG_CANCEL), 0);
	must_commit(&core);
	core_clear(&core);
}

TEST(a_run_that_waits_is_canceled_at_once)
{
	struct core core;

	must_start(&core);
	start_rest(&core);
	must_tick(&core);
	ck_str(steps_text(&core, 1), "waiting ");
	cancel(&core, 1);
	ck_str(run_text(&core, 1), "canceled: canceled by eve: enough");
	ck_str(steps_text(&core, 1), "canceled ");
	ck_int(held_of(&core, MSG_CANCEL), 0);
	must_commit(&core);
	core_clear(&core);
}

/* The executor was asked to start its step and may have said so; it gets no word go any more. */
TEST(a_canceled_attempt_gets_no_go_and_ends_its_run)
{
	struct core core;
	struct msg_started started = { .id = { 1, 0, 1 }, .pid = 1, .boot_id = "b" };
	struct msg_ended ended = { .id = { 1, 0, 1 } };
	struct err err;

	must_start(&core);
	start_act(&core, "argus", false, "");
	must_tick(&core);
	cancel(&core, 1);
	ck_int(held_of(&core, MSG_CANCEL), 1);
	ck_str(run_text(&core, 1), "running: ");
	cancel(&core, 1);
	ck_int(held_of(&core, MSG_CANCEL), 1);
	must_ok(outcome_started(&core, &started, &err), err);
	ck_int(held_of(&core, MSG_GO), 0);
	must_ok(outcome_ended(&core, &ended, &err), err);
	ck_str(run_text(&core, 1), "canceled: canceled by eve: enough");
	ck_str(steps_text(&core, 1), "not_started ");
	must_commit(&core);
	core_clear(&core);
}

TEST(a_canceled_attempt_that_is_refused_ends_its_run)
{
	struct core core;
	struct msg_refused refused = { .id = { 1, 0, 1 }, .why = REFUSED_LATER, .reason = "full" };
	struct err err;

	must_start(&core);
	start_act(&core, "argus", false, "");
	must_tick(&core);
	must_ok(outcome_refused(&core, &refused, &err), err);
	ck_str(steps_text(&core, 1), "not_started starting ");
	refused.id.attempt = 2;
	cancel(&core, 1);
	must_ok(outcome_refused(&core, &refused, &err), err);
	ck_str(run_text(&core, 1), "canceled: canceled by eve: enough");
	must_commit(&core);
	core_clear(&core);
}

/* The attempt's lock is held, so its shim lives: the next core tells it to end, once. */
TEST(a_cancel_is_repeated_by_the_next_core)
{
	struct core core;
	struct err err;
	int lock;

	must_start(&core);
	start_act(&core, "argus", false, "");
	must_tick(&core);
	cancel(&core, 1);
	must_commit(&core);
	close(file_open_dir(core.storage_fd, "runs", &err));
	close(file_open_dir(core.storage_fd, "runs/1", &err));
	close(file_open_dir(core.storage_fd, "runs/1/0.1", &err));
	lock = file_lock(core.storage_fd, "runs/1/0.1/lock", &err);
	must(lock >= 0);
	core_clear(&core);
	must_start(&core);
	ck_int(held_of(&core, MSG_CANCEL), 1);
	ck_str(run_text(&core, 1), "running: ");
	must_commit(&core);
	close(lock);
	must_ok(outcome_ended(&core, &(struct msg_ended){ .id = { 1, 0, 1 } }, &err), err);
	ck_str(run_text(&core, 1), "canceled: canceled by eve: enough");
	must_commit(&core);
	core_clear(&core);
}

TEST(a_run_that_is_over_cannot_be_canceled_but_twice_is_once)
{
	struct core core;
	struct told told;

	must_start(&core);
	start_act(&core, "argus", false, "");
	cancel(&core, 1);
	told = cancel(&core, 1);
	ck_int(told.code, ERR_NONE);
	ck_has(told.text, "\"status\":\"canceled\"");
	ck_int(cancel(&core, 2).code, ERR_NOT_FOUND);
	must_commit(&core);
	core_clear(&core);
}
