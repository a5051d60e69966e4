/* SPDX-License-Identifier: Apache-2.0 */
#include "core/run/answers.h"

#include <stdlib.h>
#include <string.h>

#include "core/run/supervisor.h"
#include "core_world.h"
#include "peers.h"
#include "store/approvals.h"
#include "test.h"

static const char yaml[] = "playbooks:\n"
			   "  - name: asks\n"
			   "    matchers: ['alertname=\"Full\"']\n"
			   "    params:\n"
			   "      service: { from: labels.service, pattern: \"[a-z]+\" }\n"
			   "    steps:\n"
			   "      - { name: may it, approve: { within: 10m } }\n"
			   "      - { name: act, run: [act, \"${service}\"] }\n"
			   "  - name: eyes\n"
			   "    matchers: ['alertname=\"Full\"']\n"
			   "    steps:\n"
			   "      - { name: may it, approve: { four_eyes: true } }\n"
			   "      - { name: act, run: [act] }\n";

static struct peers_answer start(struct core *core, const char *playbook)
{
	const char *const *args = !strcmp(playbook, "asks") ? PAIRS("params.service", "argus",
									      "playbook", "asks")
							    : PAIRS("playbook", playbook);

	return peers_ask(core, &(struct peers_question){ ROUTE_PLAYBOOK_RUN, .args = args });
}

static void copy_question(const struct approval_row *row, void *arg)
{
	struct approval_row *copy = arg;

	*copy = *row;
	copy->name = copy->message = copy->not_by = copy->decided_by = copy->reason = NULL;
}

static struct approval_row question(struct core *core, int64_t run_id)
{
	struct approval_row row = { 0 };
	struct err err;

	must(approvals_last(core->ground.db, run_id, copy_question, &row, &err) == 1);
	return row;
}

static const uint8_t secret[DIGEST_SIZE] = "secret";

static struct peers_answer approve(struct core *core, const char *by, int64_t run_id)
{
	struct approval_row row = question(core, run_id);
	char digest[DIGEST_TEXT_MAX];
	char seal[DIGEST_TEXT_MAX];
	uint8_t sealed[DIGEST_SIZE];

	approval_seal(secret, row.digest, sealed);
	return peers_ask(core,
			&(struct peers_question){ ROUTE_RUN_APPROVE, (uint64_t)run_id, .by = by,
					.args = PAIRS("digest", digest_text(row.digest, digest),
							"reason", "why not", "seal",
							digest_text(sealed, seal)) });
}

static const char *run_text(struct core *core, int id)
{
	return core_world_rows(core, "SELECT status || ': ' || reason FROM run WHERE id = %d", id);
}

/* While the disk is full no run leaves the queue. */
static void set_full(struct core *core, bool full)
{
	core->storage.space.degraded = full;
}

TEST(what_the_executor_is_shown_of_an_approval_survives_the_core)
{
	struct arena *arena = arena_new();
	struct msg_start msg;
	struct core core;
	struct approval_row row;

	core_world_start(&core, yaml);
	ck_has(start(&core, "asks").text, "awaiting_approval");
	ck_int(core_world_count(MSG_START), 0);
	row = question(&core, 1);
	set_full(&core, true);
	ck_int(approve(&core, "adam", 1).code, ERR_NONE);
	ck_int(core_world_count(MSG_START), 0);
	core_world_end(&core);

	core_world_start(&core, yaml);
	must(core_world_find(MSG_START, arena, &msg));
	ck_int(msg.id.step, 1);
	ck(msg.approval.given);
	ck_int(msg.approval.step, 0);
	ck_int(msg.approval.expires_at, row.binding.expires_at);
	ck(!memcmp(msg.approval.config_hash, row.binding.config_hash, DIGEST_SIZE));
	core_world_end(&core);

	/* Never started: the next attempt has the same proof. */
	core_world_start(&core, yaml);
	must(core_world_find(MSG_START, arena, &msg));
	ck_int(msg.id.attempt, 2);
	ck(msg.approval.given);
	core_world_end(&core);
	arena_free(arena);
}

TEST(the_second_yes_is_answered_with_who_was_first)
{
	struct core core;

	core_world_start(&core, yaml);
	start(&core, "asks");
	ck_int(approve(&core, "adam", 1).code, ERR_NONE);
	ck_int(approve(&core, "bob", 1).code, ERR_CONFLICT);
	ck_str(approve(&core, "bob", 1).text,
			"'may it' was approved by adam at 2025-11-22T22:40:00.000Z: why not");
	core_world_end(&core);
}

TEST(four_eyes_hold_for_who_asked_and_nobody_else)
{
	struct core core;

	core_world_start(&core, yaml);
	start(&core, "eyes");
	ck_int(approve(&core, "eve", 1).code, ERR_CONFLICT);
	ck_has(approve(&core, "eve", 1).text,
			"eve requested this run: another operator must approve it");
	ck_str(run_text(&core, 1), "awaiting_approval: ");
	ck_int(approve(&core, "adam", 1).code, ERR_NONE);
	core_world_end(&core);
}

TEST(a_question_past_its_expiry_is_rejected_by_the_answer_itself)
{
	struct core core;
	struct peers_answer answer;

	core_world_start(&core, yaml);
	start(&core, "asks");
	core_world_pass(600000);
	answer = approve(&core, "adam", 1);
	ck_int(answer.code, ERR_CONFLICT);
	ck_has(answer.text, "nobody approved it within 10m");
	ck_str(run_text(&core, 1), "rejected: may it: nobody approved it within 10m");
	core_world_end(&core);
}

TEST(a_question_that_nobody_answers_expires_by_itself)
{
	struct core core;

	core_world_start(&core, yaml);
	start(&core, "asks");
	core_world_wait(&core, 599999);
	ck_str(run_text(&core, 1), "awaiting_approval: ");
	core_world_wait(&core, 1);
	ck_str(run_text(&core, 1), "rejected: may it: nobody approved it within 10m");
	core_world_end(&core);
}

/* What is left of the wait was once less than nothing, and read as "the store failed". */
TEST(an_expiry_that_passes_between_two_turns_does_not_end_the_core)
{
	for (int64_t before = 0; before <= 6; before++) {
		struct core core;

		core_world_start(&core, yaml);
		start(&core, "asks");
		core_world_wait(&core, 600000 - before);
		core_world.read_ms = 3;
		core_world_tick(&core);
		core_world_tick(&core);
		core_world_tick(&core);
		core_world.read_ms = 0;
		ck_str(run_text(&core, 1), "rejected: may it: nobody approved it within 10m");
		core_world_end(&core);
		core_world_remove_store();
	}
}

/* The statement by itself: what is late, somebody else's, or not what was asked, is not taken. */
TEST(an_answer_is_compared_and_set_at_once)
{
	struct core core;
	struct approval_row row;
	struct approval_answer answer;
	uint8_t wrong[DIGEST_SIZE] = { 1 };
	struct err err;
	bool taken = true;

	core_world_start(&core, yaml);
	start(&core, "eyes");
	row = question(&core, 1);
	answer = (struct approval_answer){ .run_id = 1,
		.decision = APPROVAL_APPROVED,
		.digest = row.digest,
		.by = "adam",
		.now = row.binding.expires_at };
	must_ok(approvals_decide(core.ground.db, &answer, &taken, &err), err);
	ck(!taken);
	answer.now--;
	answer.by = "eve";
	must_ok(approvals_decide(core.ground.db, &answer, &taken, &err), err);
	ck(!taken);
	answer.by = NULL;
	must_ok(approvals_decide(core.ground.db, &answer, &taken, &err), err);
	ck(!taken);
	answer.by = "adam";
	answer.digest = wrong;
	must_ok(approvals_decide(core.ground.db, &answer, &taken, &err), err);
	ck(!taken);
	answer.digest = NULL;
	must_ok(approvals_decide(core.ground.db, &answer, &taken, &err), err);
	ck(!taken);
	answer.digest = row.digest;
	must_ok(approvals_decide(core.ground.db, &answer, &taken, &err), err);
	ck(taken);
	must_ok(approvals_decide(core.ground.db, &answer, &taken, &err), err);
	ck(!taken);
	core_world_end(&core);
}

TEST(an_approval_that_expires_in_the_queue_starts_nothing)
{
	struct core core;

	core_world_start(&core, yaml);
	start(&core, "asks");
	set_full(&core, true);
	ck_int(approve(&core, "adam", 1).code, ERR_NONE);
	core_world_wait(&core, 600000);
	ck_str(run_text(&core, 1), "queued: ");
	set_full(&core, false);
	core_world_tick(&core);
	ck_str(run_text(&core, 1),
			"rejected: may it: approved by adam at 2025-11-22T22:40:00.000Z, but the approval expired before its turn");
	core_world_end(&core);
}

TEST(a_clock_that_was_set_back_keeps_no_question_open_for_longer_than_its_own_time)
{
	struct core core;
	struct approval_row before;
	struct approval_row after;

	core_world_start(&core, yaml);
	start(&core, "asks");
	before = question(&core, 1);
	core_world.wall_ms -= 86400000;
	core_world_wait(&core, 30000);
	after = question(&core, 1);
	ck_int(after.asked_at, core_world.wall_ms);
	ck_int(after.binding.expires_at - after.asked_at, 600000);
	ck(!digest_equal(before.digest, after.digest)); /* it is over the expiry, too */
	ck_str(run_text(&core, 1), "awaiting_approval: ");
	ck_int(approve(&core, "adam", 1).code, ERR_NONE);
	core_world_end(&core);
}

static bool follows_newest(struct core *core, int64_t run_id)
{
	return !memcmp(question(core, run_id).binding.config_hash,
			configs_now(&core->ground.configs)->hash, DIGEST_SIZE);
}

TEST(a_configuration_that_does_something_else_ends_the_question_at_the_next_start_too)
{
	char *other = strdup(yaml);
	struct core core;

	must(other != NULL);
	strstr(other, "run: [act, ")[6] = 'A';
	core_world_start(&core, yaml);
	start(&core, "asks");
	start(&core, "eyes");
	core_world_reload(&core, other);
	ck_has(run_text(&core, 1), "rejected: may it: the configuration changed");
	ck_str(run_text(&core, 2), "awaiting_approval: ");
	ck(follows_newest(&core, 2));
	core_world_end(&core);
	core_world_start(&core, yaml); /* the old one again */
	ck(follows_newest(&core, 2));
	core_world_end(&core);
	free(other);
}

TEST(a_queued_run_whose_question_is_open_starts_nothing)
{
	struct core core;

	core_world_start(&core, yaml);
	start(&core, "asks");
	core_world_exec(&core, "UPDATE run SET status = 'queued'");
	core_world_end(&core);
	core_world_start(&core, yaml);
	ck_str(run_text(&core, 1), "rejected: it was queued without an approval");
	core_world_end(&core);
}

/* When the room wants to be asked again; -1: never. */
static int64_t room_waits(struct core *core)
{
	struct deadline next = { DEADLINE_NEVER };
	struct err err;

	must_ok(supervisor_tick(&core->run, &next, &err), err);
	return deadline_wait(&next, core_world.mono_ms);
}

TEST(nothing_is_looked_at_when_nobody_is_asked)
{
	struct core core;

	core_world_start(&core, yaml);
	ck_int(room_waits(&core), -1);
	start(&core, "asks");
	ck_int(room_waits(&core), 30000);
	ck_int(approve(&core, "adam", 1).code, ERR_NONE);
	core_world_wait(&core, 30000);
	ck_int(room_waits(&core), -1);
	core_world_end(&core);
}
