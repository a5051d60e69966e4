#include "core/run/answers.h"

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
#include "store/approvals.h"
#include "store/steps.h"
#include "sys/file.h"
#include "sys/migrate.h"
#include "test.h"

/* A core on a real store in the test's folder. What it sends is seen in its turn. */

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

static void put_in_force(struct core *core, const char *text)
{
	struct generation *generation = calloc(1, sizeof(*generation));
	struct config_file file = { "test.yml", text, (uint32_t)strlen(text) };
	struct config_files files = { .items = &file, .len = 1 };
	struct buf report = { 0 };
	struct err err;

	must(generation != NULL);
	generation->config = config_parse(&files, &report, &err);
	if (!generation->config) {
		test_abort(__FILE__, __LINE__, "%s", buf_text(&report));
	}
	buf_clear(&report);
	generation->older = core->generations;
	core->generations = generation;
}

static void must_start(struct core *core)
{
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
	put_in_force(core, yaml);
	must_ok(recovery_run(core, &err), err);
}

static void must_tick(struct core *core)
{
	struct err err;

	if (approvals_tick(core, &err) == -2 || runner_tick(core, &err) == -2) {
		test_abort(__FILE__, __LINE__, "tick: %s", err.msg);
	}
}

static void must_commit(struct core *core)
{
	struct err err;

	must_ok(turn_end(&core->turn, &err), err);
}

/* The answer: its code and what it says. */
struct told {
	uint8_t code;
	char text[2000];
};

static struct told ask(struct core *core, const char *who, enum route route, uint64_t id,
		const struct labels *args)
{
	const struct msg_query query = { .id = 1,
		.route = (uint16_t)route,
		.ids = { id },
		.principal = who,
		.key = "",
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

static struct told start(struct core *core, const char *playbook)
{
	struct label items[] = { { "params.service", "argus" }, { "playbook", playbook } };
	bool params = !strcmp(playbook, "asks");
	const struct labels args = { params ? items : items + 1, params ? 2 : 1 };

	return ask(core, "eve", ROUTE_PLAYBOOK_RUN, 0, &args);
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

	must(approvals_last(core->db, run_id, copy_question, &row, &err) == 1);
	return row;
}

static const uint8_t secret[DIGEST_SIZE] = "secret";

static struct told approve(struct core *core, const char *who, int64_t run_id)
{
	struct approval_row row = question(core, run_id);
	char digest[DIGEST_TEXT_MAX];
	char seal[DIGEST_TEXT_MAX];
	uint8_t sealed[DIGEST_SIZE];
	struct label items[] = { { "digest", digest_text(row.digest, digest) },
		{ "reason", "why not" }, { "seal", seal } };
	const struct labels args = { items, 3 };

	approval_seal(secret, row.digest, sealed);
	digest_text(sealed, seal);
	return ask(core, who, ROUTE_RUN_APPROVE, (uint64_t)run_id, &args);
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

static void must_exec(struct core *core, const char *sql)
{
	struct err err;

	must_ok(turn_write(&core->turn, &err), err);
	must_ok(db_exec(core->db, sql, &err), err);
}

/* The last START that is held, decoded into arena; false when there is none. */
static bool find_start(struct core *core, struct arena *arena, struct msg_start *ret)
{
	struct err err;

	for (size_t i = core->turn.held_len; i > 0; i--) {
		const struct held *held = &core->turn.held[i - 1];

		if (held->type == MSG_START) {
			must_ok(wire_decode(message_types[MSG_START],
						core->turn.payloads.data + held->offset, held->len,
						arena, ret, &err),
					err);
			return true;
		}
	}
	return false;
}

TEST(what_the_executor_is_told_of_an_approval_survives_the_core)
{
	struct arena *arena = arena_new();
	struct msg_start msg;
	struct core core;
	struct approval_row row;

	must_start(&core);
	ck_has(start(&core, "asks").text, "awaiting_approval");
	must_commit(&core);
	must_tick(&core);
	ck(!find_start(&core, arena, &msg));
	row = question(&core, 1);
	ck_int(approve(&core, "adam", 1).code, ERR_NONE);
	must_commit(&core);
	core_clear(&core);

	must_start(&core);
	must_tick(&core);
	must(find_start(&core, arena, &msg));
	ck_int(msg.id.step, 1);
	ck(msg.approval.given);
	ck_int(msg.approval.step, 0);
	ck_int(msg.approval.expires_at, row.binding.expires_at);
	ck(!memcmp(msg.approval.config_hash, row.binding.config_hash, DIGEST_SIZE));
	must_commit(&core);
	core_clear(&core);

	/* Never started: the next attempt has the same proof. */
	must_start(&core);
	must(find_start(&core, arena, &msg));
	ck_int(msg.id.attempt, 2);
	ck(msg.approval.given);
	core_clear(&core);
	arena_free(arena);
}

TEST(the_second_yes_is_told_who_was_first)
{
	struct core core;

	must_start(&core);
	start(&core, "asks");
	ck_int(approve(&core, "adam", 1).code, ERR_NONE);
	ck_int(approve(&core, "bob", 1).code, ERR_CONFLICT);
	ck_has(approve(&core, "bob", 1).text, "'may it' was approved by adam at ");
	must_commit(&core);
	core_clear(&core);
}

TEST(four_eyes_hold_for_who_asked_and_nobody_else)
{
	struct core core;

	must_start(&core);
	start(&core, "eyes");
	ck_int(approve(&core, "eve", 1).code, ERR_CONFLICT);
	ck_has(approve(&core, "eve", 1).text, "eve asked for this run: somebody else");
	ck_str(run_text(&core, 1), "awaiting_approval: ");
	ck_int(approve(&core, "adam", 1).code, ERR_NONE);
	must_commit(&core);
	core_clear(&core);
}

TEST(a_question_past_its_expiry_is_rejected_by_the_answer_itself)
{
	struct core core;
	struct told told;

	must_start(&core);
	start(&core, "asks");
	must_exec(&core, "UPDATE approval SET asked_at = 1000, expires_at = 601000");
	told = approve(&core, "adam", 1);
	ck_int(told.code, ERR_CONFLICT);
	ck_has(told.text, "nobody approved it within 10m");
	ck_str(run_text(&core, 1), "rejected: may it: nobody approved it within 10m");
	must_commit(&core);
	core_clear(&core);
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

	must_start(&core);
	start(&core, "eyes");
	row = question(&core, 1);
	answer = (struct approval_answer){ .run_id = 1,
		.decision = APPROVAL_APPROVED,
		.digest = row.digest,
		.by = "adam",
		.now = row.binding.expires_at };
	must_ok(approvals_decide(core.db, &answer, &taken, &err), err);
	ck(!taken);
	answer.now--;
	answer.by = "eve";
	must_ok(approvals_decide(core.db, &answer, &taken, &err), err);
	ck(!taken);
	answer.by = NULL;
	must_ok(approvals_decide(core.db, &answer, &taken, &err), err);
	ck(!taken);
	answer.by = "adam";
	answer.digest = wrong;
	must_ok(approvals_decide(core.db, &answer, &taken, &err), err);
	ck(!taken);
	answer.digest = NULL;
	must_ok(approvals_decide(core.db, &answer, &taken, &err), err);
	ck(!taken);
	answer.digest = row.digest;
	must_ok(approvals_decide(core.db, &answer, &taken, &err), err);
	ck(taken);
	must_ok(approvals_decide(core.db, &answer, &taken, &err), err);
	ck(!taken);
	must_commit(&core);
	core_clear(&core);
}

TEST(an_approval_that_expires_in_the_queue_starts_nothing)
{
	struct core core;

	must_start(&core);
	start(&core, "asks");
	ck_int(approve(&core, "adam", 1).code, ERR_NONE);
	must_exec(&core, "UPDATE approval SET expires_at = 601000");
	must_tick(&core);
	ck_has(run_text(&core, 1), "rejected: may it: approved by adam at ");
	ck_has(run_text(&core, 1), "but it could not go on before that expired");
	must_commit(&core);
	core_clear(&core);
}

TEST(a_clock_that_was_set_back_keeps_no_question_open_for_longer_than_its_own_time)
{
	struct core core;
	struct approval_row before;
	struct approval_row after;

	must_start(&core);
	start(&core, "asks");
	must_tick(&core);
	before = question(&core, 1);
	must_exec(&core, "UPDATE approval SET asked_at = asked_at + 86400000,"
			 " expires_at = expires_at + 86400000");
	core.approvals.look_ms = 0;
	must_tick(&core);
	after = question(&core, 1);
	ck_int(after.binding.expires_at - after.asked_at, 600000);
	ck(after.asked_at <= clock_wall_ms());
	/* The digest is over the expiry, which is the same within one millisecond. */
	ck_int(digest_equal(before.digest, after.digest),
			before.binding.expires_at == after.binding.expires_at);
	ck_str(run_text(&core, 1), "awaiting_approval: ");
	ck_int(approve(&core, "adam", 1).code, ERR_NONE);
	must_commit(&core);
	core_clear(&core);
}

TEST(a_configuration_that_does_something_else_ends_the_question_at_the_next_start_too)
{
	char *other = strdup(yaml);
	struct core core;
	struct err err;

	must(other != NULL);
	must_start(&core);
	start(&core, "asks");
	start(&core, "eyes");
	must_commit(&core);
	strstr(other, "run: [act, ")[6] = 'A';
	put_in_force(&core, other);
	must_ok(approvals_follow(&core, &err), err);
	ck_has(run_text(&core, 1), "rejected: may it: the configuration was changed");
	ck_str(run_text(&core, 2), "awaiting_approval: ");
	ck(!memcmp(question(&core, 2).binding.config_hash, core_config(&core)->hash, DIGEST_SIZE));
	must_commit(&core);
	core_clear(&core);
	must_start(&core); /* the old one again */
	ck(!memcmp(question(&core, 2).binding.config_hash, core_config(&core)->hash, DIGEST_SIZE));
	must_commit(&core);
	core_clear(&core);
	free(other);
}

TEST(a_queued_run_whose_question_is_open_starts_nothing)
{
	struct core core;

	must_start(&core);
	start(&core, "asks");
	must_exec(&core, "UPDATE run SET status = 'queued'");
	must_tick(&core);
	ck_str(run_text(&core, 1), "rejected: it came into the queue, but nobody approved it");
	must_commit(&core);
	core_clear(&core);
}

TEST(nothing_is_looked_at_when_nobody_is_asked)
{
	struct core core;
	struct err err;

	must_start(&core);
	ck_int(approvals_tick(&core, &err), -1);
	start(&core, "asks");
	ck(approvals_tick(&core, &err) > 0);
	ck_int(approve(&core, "adam", 1).code, ERR_NONE);
	core.approvals.look_ms = 0;
	ck_int(approvals_tick(&core, &err), -1);
	must_commit(&core);
	core_clear(&core);
}
