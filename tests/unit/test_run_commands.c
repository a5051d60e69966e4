/* SPDX-License-Identifier: Apache-2.0 */
#include "core/api/command/run_commands.h"

#include <string.h>

#include "core_world.h"
#include "peers.h"
#include "test.h"

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

static struct peers_question start_act(const char *service, bool force, const char *key)
{
	static const char *args[][9] = {
		{ "force", "false", "params.service", NULL, "playbook", "act", "reason",
				"because" },
		{ "force", "true", "params.service", NULL, "playbook", "act", "reason", "because" },
	};

	args[force][3] = service;
	return (struct peers_question){ ROUTE_PLAYBOOK_RUN, .args = args[force], .key = key };
}

static struct peers_answer start(
		struct core *core, const char *service, bool force, const char *key)
{
	const struct peers_question question = start_act(service, force, key);

	return peers_ask(core, &question);
}

/* The run is added, and the turn goes on. */
static void say_start(struct core *core, const char *service)
{
	const struct peers_question question = start_act(service, false, "");

	peers_say(core, &question);
}

static struct peers_answer cancel(struct core *core, uint64_t id)
{
	return peers_ask(core, &(struct peers_question){ ROUTE_RUN_CANCEL, id,
					       .args = PAIRS("reason", "enough") });
}

static const struct peers_question pause_begins = { ROUTE_PAUSE_BEGIN,
	.args = (const char *const[]){ "reason", "hands off", NULL } };

static const char *run_text(struct core *core, int id)
{
	return core_world_rows(core, "SELECT status || ': ' || reason FROM run WHERE id = %d", id);
}

static const char *steps_text(struct core *core, int id)
{
	return core_world_rows(core,
			"SELECT status FROM step WHERE run_id = %d ORDER BY step, attempt", id);
}

TEST(a_run_by_hand_says_who_asked_for_it_and_why)
{
	struct core core;

	core_world_start(&core, yaml);
	ck_has(start(&core, "argus", false, "").text, "\"runId\":1,");
	ck_str(core_world_rows(&core,
			       "SELECT trigger || ' by ' || requested_by || ', ' ||"
			       " request_reason || ', forced ' || forced || ', lock ' || lock"
			       " FROM run"),
			"manual by eve, because, forced 0, lock service/argus");
	core_world_end(&core);
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

	core_world_start(&core, yaml);
	start(&core, "argus", false, "");
	start(&core, "hermes", false, "");
	request.playbook = config_playbook(configs_now(&core.ground.configs), "act");
	request.now = core_world.wall_ms + 1;
	must_ok(run_request_gather(&core.run, &request, &facts, &err), err);
	ck_int(facts.last_run.id, 1);
	ck_int(facts.last_run.at, 0);
	ck_int(facts.other_targets, 1);
	ck_int(facts.in_window, 2);
	memcpy(before, request.target, DIGEST_SIZE);
	items[0].value = "zeus";
	must_ok(run_request_gather(&core.run, &request, &facts, &err), err);
	ck(memcmp(before, request.target, DIGEST_SIZE) != 0);
	ck_int(facts.last_run.id, 0);
	ck_int(facts.other_targets, 2);
	core_world_end(&core);
}

TEST(a_guard_answers_in_its_own_words_unless_it_is_overridden)
{
	struct core core;
	struct peers_answer answer;

	core_world_start(&core, yaml);
	start(&core, "argus", false, "");
	answer = start(&core, "argus", false, "");
	ck_int(answer.code, ERR_CONFLICT);
	ck_str(answer.text, "cooldown: run 1 is not over yet");
	answer = start(&core, "argus", true, "");
	ck_int(answer.code, ERR_NONE);
	ck_has(answer.text, "\"reason\":\"playbook act, forced\"");
	core_world_end(&core);
}

TEST(the_same_key_gives_the_same_answer_also_of_the_next_core)
{
	struct core core;
	struct peers_answer first;
	struct peers_answer answer;

	core_world_start(&core, yaml);
	first = start(&core, "argus", false, "k1");
	ck_int(first.code, ERR_NONE);
	ck_str(start(&core, "argus", false, "k1").text, first.text);
	core_world_end(&core);
	core_world_start(&core, yaml);
	ck_str(start(&core, "argus", false, "k1").text, first.text);
	answer = start(&core, "hermes", false, "k1");
	ck_int(answer.code, ERR_CONFLICT);
	ck_has(answer.text, "'k1' was used for another command");
	ck_has(start(&core, "hermes", false, "k2").text, "\"runId\":2,");
	core_world_end(&core);
}

TEST(while_paused_only_what_overrides_the_guards_starts)
{
	struct core core;

	core_world_start(&core, yaml);
	say_start(&core, "argus");
	ck_has(peers_ask(&core, &pause_begins).text, "\"paused\":true");
	ck_has(start(&core, "hermes", true, "").text, "\"runId\":2,");
	ck_str(run_text(&core, 1), "queued: ");
	ck_str(run_text(&core, 2), "running: ");
	core_world_end(&core);

	core_world_start(&core, yaml);
	ck_str(run_text(&core, 1), "queued: ");
	ck_has(peers_ask(&core, &(struct peers_question){ ROUTE_PAUSE_END }).text,
			"\"paused\":false");
	ck_str(run_text(&core, 1), "running: ");
	core_world_end(&core);
}

TEST(a_pause_whose_time_passed_while_the_core_was_down_is_over)
{
	struct core core;
	int64_t since = core_world.wall_ms;

	core_world_start(&core, yaml);
	peers_ask(&core, &(struct peers_question){ ROUTE_PAUSE_BEGIN,
					 .args = PAIRS("for", "1000", "reason", "r") });
	ck(pause_is_on(&core.ground));
	core_world_end(&core);
	core_world_pass(1000);
	core_world_open(&core, CORE_WORLD_STORE);
	core_world_configure(&core, yaml);
	ck_int(core.ground.pause.guard.since, since);
	ck(!pause_is_on(&core.ground));
	core_world_tick(&core);
	ck_int(core.ground.pause.guard.since, 0);
	core_world_end(&core);
	core_world_start(&core, yaml);
	ck_int(core.ground.pause.guard.since, 0);
	core_world_end(&core);
}

TEST(a_queued_run_is_canceled_without_the_executor)
{
	struct core core;

	core_world_start(&core, yaml);
	say_start(&core, "argus");
	ck_int(cancel(&core, 1).code, ERR_NONE);
	ck_str(run_text(&core, 1), "canceled: canceled by eve: enough");
	ck_int(core.run.len, 0);
	ck_int(core_world_count(MSG_CANCEL), 0);
	ck_int(core_world_count(MSG_START), 0);
	core_world_end(&core);
}

TEST(a_run_that_waits_is_canceled_at_once)
{
	struct core core;

	core_world_start(&core, yaml);
	peers_ask(&core, &(struct peers_question){
					 ROUTE_PLAYBOOK_RUN, .args = PAIRS("playbook", "rest") });
	ck_str(steps_text(&core, 1), "waiting");
	cancel(&core, 1);
	ck_str(run_text(&core, 1), "canceled: canceled by eve: enough");
	ck_str(steps_text(&core, 1), "canceled");
	ck_int(core_world_count(MSG_CANCEL), 0);
	core_world_end(&core);
}

/* The executor was asked to start its step and may have said so; it gets no word go any more. */
TEST(a_canceled_attempt_gets_no_go_and_ends_its_run)
{
	struct core core;

	core_world_start(&core, yaml);
	start(&core, "argus", false, "");
	cancel(&core, 1);
	ck_int(core_world_count(MSG_CANCEL), 1);
	ck_str(run_text(&core, 1), "running: ");
	cancel(&core, 1);
	ck_int(core_world_count(MSG_CANCEL), 0);
	peers_started(&core, "1.0.1");
	ck_int(core_world_count(MSG_GO), 0);
	peers_vanished(&core, "1.0.1");
	ck_str(run_text(&core, 1), "canceled: canceled by eve: enough");
	ck_str(steps_text(&core, 1), "not_started");
	core_world_end(&core);
}

TEST(a_canceled_attempt_that_is_refused_ends_its_run)
{
	struct core core;

	core_world_start(&core, yaml);
	start(&core, "argus", false, "");
	peers_refused(&core, "1.0.1", REFUSED_LATER, "full");
	ck_str(steps_text(&core, 1), "not_started, starting");
	cancel(&core, 1);
	peers_refused(&core, "1.0.2", REFUSED_LATER, "full");
	ck_str(run_text(&core, 1), "canceled: canceled by eve: enough");
	core_world_end(&core);
}

/* The attempt's shim lives: the next core tells it to end, once. */
TEST(a_cancel_is_repeated_by_the_next_core)
{
	struct core core;

	core_world_start(&core, yaml);
	start(&core, "argus", false, "");
	cancel(&core, 1);
	core_world_end(&core);
	core_world_folder("1.0.1")->state = ATTEMPT_ALIVE;
	core_world_start(&core, yaml);
	ck_int(core_world_count(MSG_CANCEL), 1);
	ck_str(run_text(&core, 1), "running: ");
	core_world_wait(&core, 1000);
	ck_int(core_world_count(MSG_CANCEL), 0);
	peers_vanished(&core, "1.0.1");
	ck_str(run_text(&core, 1), "canceled: canceled by eve: enough");
	core_world_end(&core);
}

TEST(a_run_that_is_over_cannot_be_canceled_but_twice_is_once)
{
	struct core core;
	struct peers_answer answer;

	core_world_start(&core, yaml);
	say_start(&core, "argus");
	cancel(&core, 1);
	answer = cancel(&core, 1);
	ck_int(answer.code, ERR_NONE);
	ck_has(answer.text, "\"status\":\"canceled\"");
	ck_int(cancel(&core, 2).code, ERR_NOT_FOUND);
	start(&core, "hermes", false, "");
	peers_do(&core, "2.0.1");
	ck_str(cancel(&core, 2).text, "run 2 is over: succeeded");
	core_world_end(&core);
}

static struct peers_answer start_or_try(struct core *core, const char *dry_run, const char *key)
{
	return peers_ask(core, &(struct peers_question){ ROUTE_PLAYBOOK_RUN, .key = key,
					       .args = PAIRS("dry_run", dry_run, "params.service",
							       "argus", "playbook", "act") });
}

TEST(a_dry_run_neither_keeps_nor_uses_up_a_key)
{
	struct core core;
	struct peers_answer answer;

	core_world_start(&core, yaml);
	ck_has(start_or_try(&core, "true", "k1").text, "\"decision\":\"dry_run\"");
	ck_str(core_world_rows(&core, "SELECT count(*) FROM idempotency"), "0");
	answer = start_or_try(&core, "false", "k1");
	ck_int(answer.code, ERR_NONE);
	ck_has(answer.text, "\"runId\":1,");
	answer = start_or_try(&core, "true", "k1"); /* it is answered as it is now */
	ck_int(answer.code, ERR_NONE);
	ck_has(answer.text, "\"decision\":\"cooldown\"");
	ck_has(start_or_try(&core, "false", "k1").text, "\"runId\":1,");
	core_world_end(&core);
}
