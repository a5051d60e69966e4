/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/approval.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

static const char *const argv[] = { "restart", "${service}", NULL };
static const char *const other_argv[] = { "restart", "${service}-1", NULL };
static const char *const probe[] = { "true", NULL };
static const char *const other_probe[] = { "false", NULL };
static struct label env[] = { { "HOW", "at ${service}" } };
static struct label other_env[] = { { "HOW", "so" } };
static struct matcher when[] = { { .name = "service", .op = MATCHER_EQUAL, .value = "a" } };
static struct matcher other_when[] = { { .name = "service", .op = MATCHER_EQUAL, .value = "b" } };

/* A playbook of an approve step, a program, a script, a check and a wait. */
static struct step steps[6];
static struct check checks[1];
static struct check_field fields[] = { { "status", "ok" } };
static struct label params[1];
static struct playbook playbook;

static void reset(void)
{
	steps[0] = (struct step){
		.phase = PHASE_STEPS, .kind = STEP_APPROVE, .name = "may it", .within_ms = 1000
	};
	steps[1] = (struct step){ .phase = PHASE_STEPS,
		.kind = STEP_RUN,
		.name = "act",
		.argv = argv,
		.env = { env, 1 },
		.cwd = "/",
		.attempts = 1 };
	steps[2] = (struct step){
		.phase = PHASE_STEPS, .kind = STEP_SCRIPT, .name = "text", .script = "true"
	};
	steps[3] = (struct step){
		.phase = PHASE_VERIFY, .kind = STEP_CHECK, .name = "up", .check = "${service}-up"
	};
	steps[4] = (struct step){
		.phase = PHASE_RESCUE, .kind = STEP_WAIT, .name = "rest", .wait_ms = 5
	};
	steps[5] = (struct step){ .phase = PHASE_RESCUE,
		.kind = STEP_NOTIFY,
		.name = "tell",
		.notify = "crew",
		.text = "it is down" };
	checks[0] = (struct check){ .name = "a-up", .kind = CHECK_COMMAND, .argv = probe };
	params[0] = (struct label){ "service", "a" };
	playbook = (struct playbook){ .name = "p", .steps = steps, .steps_len = 6 };
}

static void work(uint8_t *ret)
{
	const struct labels values = { params, 1 };
	const struct approval_subject subject = { &playbook, &values, checks, 1 };
	struct err err;

	must_ok(approval_work(&subject, ret, &err), err);
}

/* After change, the work is another. */
#define CHANGES(change)                                          \
	do {                                                     \
		uint8_t now[DIGEST_SIZE];                        \
		reset();                                         \
		change;                                          \
		work(now);                                       \
		if (!memcmp(before, now, DIGEST_SIZE)) {         \
			test_abort(__FILE__, __LINE__, #change); \
		}                                                \
	} while (0)

TEST(all_that_would_be_done_is_in_the_work)
{
	uint8_t before[DIGEST_SIZE];
	uint8_t again[DIGEST_SIZE];

	reset();
	work(before);
	reset();
	work(again);
	ck(digest_equal(before, again));
	CHANGES(playbook.name = "q");
	CHANGES(params[0].value = "b");
	CHANGES(playbook.steps_len = 4);
	CHANGES(steps[0].four_eyes = true);
	CHANGES(steps[0].within_ms = 1);
	CHANGES(steps[0].message = "so");
	CHANGES(steps[1].name = "do");
	CHANGES(steps[1].argv = other_argv);
	CHANGES(steps[1].env.items = other_env);
	CHANGES(steps[1].env.len = 0);
	CHANGES(steps[1].user = "root");
	CHANGES(steps[1].cwd = "/tmp");
	CHANGES(steps[1].timeout_ms = 1);
	CHANGES(steps[1].attempts = 2);
	CHANGES(steps[1].delay_ms = 1);
	CHANGES(steps[1].backoff = 2);
	CHANGES(steps[1].idempotent = true);
	CHANGES(steps[1].on_interrupt = ON_INTERRUPT_RETRY);
	CHANGES(steps[1].on_failure = ON_FAILURE_CONTINUE);
	CHANGES(steps[1].limits.memory = 1);
	CHANGES(steps[1].limits.processes = 1);
	CHANGES(steps[1].limits.file_size = 1);
	CHANGES(steps[1].limits.cpu_ms = 1);
	CHANGES(steps[1].limits.open_files = 1);
	CHANGES(steps[1].detach = true);
	CHANGES(steps[1].new_privs = true);
	CHANGES(steps[1].stdin_alert = true);
	CHANGES((steps[1].when = when, steps[1].when_len = 1));
	CHANGES(steps[2].script = "false");
	CHANGES(steps[2].phase = PHASE_VERIFY);
	CHANGES(steps[3].check = "a-down");
	CHANGES(steps[3].every_ms = 1);
	CHANGES(steps[3].settle_ms = 1);
	CHANGES(steps[4].wait_ms = 6);
	CHANGES(steps[5].notify = "others");
	CHANGES(steps[5].subject = "down");
	CHANGES(steps[5].text = "it is up");
	CHANGES(checks[0].argv = other_probe);
	CHANGES(checks[0].timeout_ms = 1);
	CHANGES((checks[0].kind = CHECK_HTTP, checks[0].url = "http://b/"));
	CHANGES((checks[0].kind = CHECK_TCP, checks[0].address = "b:1"));
	CHANGES(checks[0].contains = "b");
	CHANGES(checks[0].status = 201);
	CHANGES(checks[0].json = true);
	CHANGES((checks[0].fields = fields, checks[0].fields_len = 1));
	/* Whoever adds a member adds it to the work, if it says what is done, and to this test. */
	ck_int(sizeof(struct step), 248);
	ck_int(sizeof(struct check), 104);
}

TEST(other_fields_of_a_check_are_other_work)
{
	static struct check_field other_fields[] = { { "status", "up" }, { "state", "ok" } };
	uint8_t one[DIGEST_SIZE];
	uint8_t two[DIGEST_SIZE];

	reset();
	checks[0].fields = fields;
	checks[0].fields_len = 1;
	work(one);
	for (size_t i = 0; i < 2; i++) {
		checks[0].fields = &other_fields[i];
		work(two);
		ck_int(memcmp(one, two, DIGEST_SIZE) != 0, true);
	}
}

TEST(other_matchers_of_when_are_other_work)
{
	uint8_t one[DIGEST_SIZE];
	uint8_t two[DIGEST_SIZE];

	reset();
	steps[1].when = when;
	steps[1].when_len = 1;
	work(one);
	steps[1].when = other_when;
	work(two);
	ck(!digest_equal(one, two));
}

TEST(a_digest_is_good_for_one_run_configuration_step_and_time)
{
	const struct approval_binding binding = { .run = 1, .step = 2, .expires_at = 3 };
	struct approval_binding others[5] = { binding, binding, binding, binding, binding };
	uint8_t digest[DIGEST_SIZE];
	uint8_t other[DIGEST_SIZE];

	others[0].run = 2;
	others[1].step = 3;
	others[2].expires_at = 4;
	others[3].config_hash[31] = 1;
	others[4].work[0] = 1;
	approval_digest(&binding, digest);
	for (size_t i = 0; i < 5; i++) {
		approval_digest(&others[i], other);
		ck(!digest_equal(digest, other));
	}
}

TEST(a_seal_depends_on_the_key_and_the_digest)
{
	static const uint8_t key[DIGEST_SIZE] = { 1 };
	static const uint8_t other_key[DIGEST_SIZE] = { 2 };
	uint8_t digest[DIGEST_SIZE] = { 1 };
	uint8_t one[DIGEST_SIZE];
	uint8_t two[DIGEST_SIZE];

	approval_seal(key, digest, one);
	approval_seal(other_key, digest, two);
	ck(!digest_equal(one, two));
	digest[0] = 2;
	approval_seal(key, digest, two);
	ck(!digest_equal(one, two));
	digest[0] = 1;
	approval_seal(key, digest, two);
	ck(digest_equal(one, two));
}

TEST(whether_it_must_be_asked_as_far_as_the_params_tell)
{
	struct label items[] = { { "service", "a" } };
	const struct labels values = { items, 1 };
	struct matcher matchers[2] = { when[0], { .name = "steps.x", .value = "failed" } };
	struct step step = { .when = matchers };

	ck_int(approval_need(&step, &values), APPROVAL_NEEDED);
	step.when_len = 1;
	ck_int(approval_need(&step, &values), APPROVAL_NEEDED);
	step.when_len = 2;
	ck_int(approval_need(&step, &values), APPROVAL_OPEN);
	items[0].value = "b";
	ck_int(approval_need(&step, &values), APPROVAL_LEFT_OUT);
	step.when_len = 1;
	ck_int(approval_need(&step, &values), APPROVAL_LEFT_OUT);
}

TEST(the_approve_step_before_a_step)
{
	reset();
	ck_int(approval_before(&playbook, 0), -1);
	ck_int(approval_before(&playbook, 1), 0);
	ck_int(approval_before(&playbook, 4), 0);
	steps[2].kind = STEP_APPROVE;
	ck_int(approval_before(&playbook, 2), 0);
	ck_int(approval_before(&playbook, 3), 2);
	ck_int(approval_before(&playbook, 99), 2);
}
