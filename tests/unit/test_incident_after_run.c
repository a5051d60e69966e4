/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/incident_after_run.h"

#include <stdio.h>
#include <string.h>

#include "test.h"

static struct step act_steps[] = { { .phase = PHASE_STEPS, .kind = STEP_RUN, .name = "act" } };
static const struct playbook act = { .name = "act", .steps = act_steps, .steps_len = 1 };

static struct step fix_steps[] = { { .phase = PHASE_STEPS, .kind = STEP_RUN, .name = "act" },
	{ .phase = PHASE_VERIFY, .kind = STEP_CHECK, .name = "up" } };
static const struct playbook fix = { .name = "fix", .steps = fix_steps, .steps_len = 2 };

static struct step notify_steps[] = {
	{ .phase = PHASE_STEPS, .kind = STEP_NOTIFY, .name = "notify" }
};
static const struct playbook notify = { .name = "notify", .steps = notify_steps, .steps_len = 1 };

/* "mitigate (its verify passed); attention over", "stays; needed, failed: why". */
static const char *say(const struct incident_run *run, char *text, size_t size)
{
	static const char *const attentions[] = { "stays", "over", "answered", "needed" };
	static const char *const events[] = { "fire", "mitigate", "resolve", "close" };
	struct incident_verdict verdict;
	int used = 0;

	memset(&verdict, 0xa5, sizeof(verdict));
	incident_after_run(run, &verdict);
	if (verdict.moves) {
		used = snprintf(text, size, "%s (%s); ", events[verdict.event], verdict.moved);
	}
	snprintf(text + used, size - (size_t)used, "%s%s%s%s%s", attentions[verdict.attention],
			verdict.failed ? ", failed" : "",
			verdict.did_not_help ? ", did not help" : "", *verdict.why ? ": " : "",
			verdict.why);
	return text;
}

struct row {
	struct incident_run run;
	const char *want[INCIDENT_STATUSES]; /* firing, mitigated, resolved, closed */
};

static void ck_rows(const struct row *rows, size_t len)
{
	char text[1024];

	for (size_t i = 0; i < len; i++) {
		struct incident_run run = rows[i].run;

		run.id = 7;
		run.reason = "up: status 502";
		run.playbook_name = run.playbook ? run.playbook->name : "gone";
		for (uint8_t status = 0; status < INCIDENT_STATUSES; status++) {
			run.incident_status = status;
			ck_str(say(&run, text, sizeof(text)), rows[i].want[status]);
		}
	}
}

#define CK_ROWS(rows) ck_rows((rows), sizeof(rows) / sizeof((rows)[0]))

TEST(a_verified_run_mitigates_unless_another_did_not_help)
{
	static const struct row rows[] = {
		{ { .playbook = &fix, .status = RUN_SUCCEEDED },
				{ "mitigate (its verify passed); over", "over", "over", "over" } },
		{ { .playbook = &fix, .status = RUN_SUCCEEDED, .unhelpful = 1 },
				{ "stays", "stays", "stays", "stays" } },
	};

	CK_ROWS(rows);
}

TEST(a_run_that_verified_nothing_needs_a_person_while_its_incident_fires)
{
#define EVIDENCE "(act) collected evidence; nothing was changed or verified"
	static const struct row rows[] = {
		{ { .playbook = &act, .status = RUN_SUCCEEDED, .unhelpful = 1 },
				{ "needed: run 7 " EVIDENCE, "stays", "stays", "stays" } },
		{ { .playbook = &notify, .status = RUN_SUCCEEDED },
				{ "needed: run 7 (notify) only sent notifications; nothing was changed or verified",
						"stays", "stays", "stays" } },
		{ { .status = RUN_SUCCEEDED },
				{ "needed: run 7 (gone) collected evidence; nothing was changed or verified",
						"stays", "stays", "stays" } },
	};

	CK_ROWS(rows);
}

/* Whoever was needed before it still is, unless the incident is closed. */
TEST(a_run_that_did_not_help_says_why_a_person_is_needed)
{
#define FAILED(how)    "needed, failed: run 7 (fix) " how ": up: status 502"
#define NOT_TRIED(how) "needed: run 7 (fix) " how ": up: status 502"
	static const struct row rows[] = {
		{ { .playbook = &fix, .status = RUN_FAILED },
				{ FAILED("failed"), FAILED("failed"), FAILED("failed"), "stays" } },
		{ { .playbook = &fix, .status = RUN_TIMED_OUT },
				{ FAILED("timed_out"), FAILED("timed_out"), FAILED("timed_out"),
						"stays" } },
		{ { .playbook = &fix, .status = RUN_INTERRUPTED },
				{ FAILED("interrupted"), FAILED("interrupted"),
						FAILED("interrupted"), "stays" } },
		{ { .playbook = &fix, .status = RUN_CANCELED },
				{ NOT_TRIED("canceled"), NOT_TRIED("canceled"),
						NOT_TRIED("canceled"), "stays" } },
		{ { .playbook = &fix, .status = RUN_REJECTED, .started_once = true },
				{ NOT_TRIED("rejected"), NOT_TRIED("rejected"),
						NOT_TRIED("rejected"), "stays" } },
	};

	CK_ROWS(rows);
}

TEST(a_question_that_was_never_needed_calls_nobody_once_its_incident_is_resolved)
{
	static const struct row rows[] = {
		{ { .playbook = &fix, .status = RUN_REJECTED },
				{ NOT_TRIED("rejected"), NOT_TRIED("rejected"), "answered",
						"stays" } },
	};

	CK_ROWS(rows);
}

/* Its alerts had ended: nothing was done, and nothing needs to be; no more when it only looks. */
TEST(a_run_that_was_over_before_it_began_calls_nobody)
{
	static const struct row rows[] = {
		{ { .playbook = &fix, .status = RUN_CANCELED, .over = true },
				{ "answered", "answered", "answered", "answered" } },
		{ { .playbook = &fix, .status = RUN_CANCELED, .over = true, .only_looks = true },
				{ "answered", "answered", "answered", "answered" } },
		{ { .playbook = &fix, .status = RUN_CANCELED, .over = true, .started_once = true },
				{ NOT_TRIED("canceled"), NOT_TRIED("canceled"),
						NOT_TRIED("canceled"), "stays" } },
	};

	CK_ROWS(rows);
}

/* Its alert fires on after a verified run, so even one that passes needs an operator. */
TEST(a_run_that_looked_again_speaks_of_a_mitigated_incident_only)
{
#define PASSED \
	"needed: run 7 (fix) verified again, but the alert still fires: look at what it measures"
#define GONE \
	"fire (the repair did not last); needed, failed, did not help: run 7 (fix) verified again: up: status 502; the repair did not last"
	static const struct row rows[] = {
		{ { .playbook = &fix, .status = RUN_SUCCEEDED, .only_looks = true },
				{ "stays", PASSED, "stays", "stays" } },
		{ { .playbook = &fix, .status = RUN_FAILED, .only_looks = true },
				{ "stays", GONE, "stays", "stays" } },
		{ { .playbook = &fix, .status = RUN_TIMED_OUT, .only_looks = true },
				{ "stays", GONE, "stays", "stays" } },
		{ { .playbook = &fix, .status = RUN_INTERRUPTED, .only_looks = true },
				{ "stays", GONE, "stays", "stays" } },
		{ { .playbook = &fix, .status = RUN_CANCELED, .only_looks = true },
				{ "stays", GONE, "stays", "stays" } },
	};

	CK_ROWS(rows);
}

/* The count costs a query that grows with the runs of the incident. */
TEST(only_a_verified_run_asks_how_many_others_did_not_help)
{
	struct incident_run run = { .playbook = &fix, .status = RUN_SUCCEEDED };

	ck(incident_after_run_counts(&run));
	run.only_looks = true;
	ck(!incident_after_run_counts(&run));
	run = (struct incident_run){ .playbook = &fix, .status = RUN_FAILED };
	ck(!incident_after_run_counts(&run));
	run = (struct incident_run){ .playbook = &act, .status = RUN_SUCCEEDED };
	ck(!incident_after_run_counts(&run));
	run = (struct incident_run){ .status = RUN_SUCCEEDED };
	ck(!incident_after_run_counts(&run));
}

/* A reason as long as a cursor can hold fits in whole. */
TEST(a_long_reason_is_kept)
{
	char reason[RUN_REASON_MAX];
	struct incident_verdict verdict;
	const struct incident_run run = { .id = INT64_MAX,
		.playbook = &fix,
		.playbook_name = "fix",
		.status = RUN_FAILED,
		.only_looks = true,
		.reason = reason,
		.incident_status = INCIDENT_MITIGATED };

	memset(reason, 'x', sizeof(reason) - 1);
	reason[sizeof(reason) - 1] = '\0';
	incident_after_run(&run, &verdict);
	ck_has(verdict.why, reason);
	ck_has(verdict.why, "x; the repair did not last");
}
