/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core_world.h"
#include "peers.h"
#include "test.h"
#include "transcript.h"

#define MINUTE (INT64_C(60) * 1000)

/* The run looks before it asks, and acts behind that. */
static const char yaml[] = "receivers:\n"
			   "  - { name: on-call, webhook_configs: [{ url: 'http://a/' }] }\n"
			   "escalation:\n"
			   "  hold: 1h\n"
			   "  levels: [{ name: L1, receivers: [on-call], respond_within: 0 }]\n"
			   "playbooks:\n"
			   "  - name: fail-over\n"
			   "    matchers: [alertname=Down]\n"
			   "    steps:\n"
			   "      - { name: look, run: [status] }\n"
			   "      - { name: may it, approve: { within: 10m, four_eyes: true } }\n"
			   "      - { name: act, run: [fail-over] }\n"
			   "    rescue: [{ name: evidence, run: [journal] }]\n";

static const char *const down[] = { "alertname", "Down", NULL };

static void answer(struct core *core, enum route route, const char *by, const char *reason)
{
	char digest[DIGEST_TEXT_MAX];

	snprintf(digest, sizeof(digest), "%s",
			core_world_rows(core, "SELECT lower(hex(digest)) FROM approval"));
	peers_ask(core, &(struct peers_question){ route, 1, .by = by,
					.args = PAIRS("digest", digest, "reason", reason) });
}

TEST(an_operator_approves_and_the_run_goes_on_behind_its_question)
{
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, yaml);
	peers_fires(&core, down);
	peers_do(&core, "1.0.1");
	core_world_wait(&core, 2 * MINUTE);
	answer(&core, ROUTE_RUN_APPROVE, "adam", "it is quiet");
	peers_do(&core, "1.2.1");
	CK_STORY("00:00 the core starts\n"
		 "00:00 Down fires\n"
		 "00:00 delivery 1: queued run 1\n"
		 "00:00 incident 1 firing\n"
		 "00:00 run 1 (fail-over) running\n"
		 "00:00 START 1.0.1\n"
		 "00:00 1.0.1 started\n"
		 "00:00 GO 1.0.1\n"
		 "00:00 1.0.1 exited 0\n"
		 "00:00 incident 1 needs an operator: run 1 (fail-over) waits for approval: may it\n"
		 "00:00 run 1 (fail-over) awaiting_approval\n"
		 "00:00 page L1 of incident 1: run 1 (fail-over) waits for approval: may it\n"
		 "00:00 NOTIFY 1 on-call initial\n"
		 "00:00 notification 1 sent\n"
		 "02:00 adam: approve run 1 digest=… reason=it is quiet\n"
		 "02:00 incident 1 needs an operator: no more\n"
		 "02:00 run 1 (fail-over) running\n"
		 "02:00 START 1.2.1\n"
		 "02:00 1.2.1 started\n"
		 "02:00 GO 1.2.1\n"
		 "02:00 1.2.1 exited 0\n"
		 "02:00 incident 1 needs an operator: run 1 (fail-over) collected evidence; nothing was changed or verified\n"
		 "02:00 run 1 (fail-over) succeeded: all steps done\n");
	core_world_end(&core);
}

/* Not even the rescue steps run: the answer was no. */
TEST(an_operator_rejects_and_nothing_more_is_done)
{
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, yaml);
	peers_fires(&core, down);
	peers_do(&core, "1.0.1");
	transcript_forget();
	answer(&core, ROUTE_RUN_REJECT, "adam", "not now");
	answer(&core, ROUTE_RUN_APPROVE, "bob", "go");
	CK_STORY("00:00 adam: reject run 1 digest=… reason=not now\n"
		 "00:00 incident 1 needs an operator: run 1 (fail-over) rejected: may it: rejected by adam: not now\n"
		 "00:00 run 1 (fail-over) rejected: may it: rejected by adam: not now\n"
		 "00:00 bob: approve run 1 digest=… reason=go\n"
		 "00:00 refused: 'may it' was rejected by adam at 2025-11-22T22:40:00.000Z: not now\n");
	core_world_end(&core);
}

TEST(nobody_answers_and_the_run_is_rejected_in_its_time)
{
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, yaml);
	peers_fires(&core, down);
	peers_do(&core, "1.0.1");
	transcript_forget();
	core_world_wait(&core, 20 * MINUTE);
	CK_STORY("10:00 incident 1 needs an operator: run 1 (fail-over) rejected: may it: nobody approved it within 10m\n"
		 "10:00 run 1 (fail-over) rejected: may it: nobody approved it within 10m\n");
	core_world_end(&core);
}

TEST(a_run_by_hand_is_not_approved_by_who_asked_for_it)
{
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, yaml);
	peers_ask(&core, &(struct peers_question){ ROUTE_PLAYBOOK_RUN,
					 .args = PAIRS("playbook", "fail-over") });
	peers_do(&core, "1.0.1");
	transcript_forget();
	answer(&core, ROUTE_RUN_APPROVE, "eve", "");
	answer(&core, ROUTE_RUN_APPROVE, "adam", "");
	CK_STORY("00:00 eve: approve run 1 digest=… reason=\n"
		 "00:00 refused: eve requested this run: another operator must approve it (four_eyes)\n"
		 "00:00 adam: approve run 1 digest=… reason=\n"
		 "00:00 run 1 (fail-over) running\n"
		 "00:00 START 1.2.1\n");
	core_world_end(&core);
}

/* What would be done is another thing now; the same in another file is not. */
TEST(a_reload_that_changes_what_would_be_done_ends_the_question)
{
	char *same = strdup(yaml);
	char *other = strdup(yaml);
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, yaml);
	must(same && other);
	memcpy(strstr(same, "1h"), "2h", 2);
	memcpy(strstr(other, "[fail-over]"), "[fall-over]", 11);
	peers_fires(&core, down);
	peers_do(&core, "1.0.1");
	transcript_forget();
	core_world_reload(&core, same);
	core_world_reload(&core, other);
	CK_STORY("00:00 the configuration is read again\n"
		 "00:00 the configuration is read again\n"
		 "00:00 incident 1 needs an operator: run 1 (fail-over) rejected: may it: the configuration changed, and so did what the run would execute\n"
		 "00:00 run 1 (fail-over) rejected: may it: the configuration changed, and so did what the run would execute\n");
	free(same);
	free(other);
	core_world_end(&core);
}

TEST(while_paused_nobody_approves)
{
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, yaml);
	peers_fires(&core, down);
	peers_do(&core, "1.0.1");
	transcript_forget();
	peers_ask(&core, &(struct peers_question){
					 ROUTE_PAUSE_BEGIN, .args = PAIRS("reason", "hands off") });
	answer(&core, ROUTE_RUN_APPROVE, "adam", "go");
	CK_STORY("00:00 eve: pause reason=hands off\n"
		 "00:00 paused: hands off\n"
		 "00:00 adam: approve run 1 digest=… reason=go\n"
		 "00:00 refused: paused by eve since 2025-11-22T22:40:00.000Z: hands off\n");
	core_world_end(&core);
}

TEST(a_run_that_asks_is_canceled)
{
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, yaml);
	peers_fires(&core, down);
	peers_do(&core, "1.0.1");
	transcript_forget();
	peers_ask(&core, &(struct peers_question){ ROUTE_RUN_CANCEL, 1 });
	answer(&core, ROUTE_RUN_APPROVE, "adam", "go");
	CK_STORY("00:00 eve: cancel run 1\n"
		 "00:00 incident 1 needs an operator: run 1 (fail-over) canceled: canceled by eve\n"
		 "00:00 run 1 (fail-over) canceled: canceled by eve\n"
		 "00:00 adam: approve run 1 digest=… reason=go\n"
		 "00:00 refused: 'may it' was canceled at 2025-11-22T22:40:00.000Z: canceled by eve\n");
	core_world_end(&core);
}

/* The question is in the store, and so is its answer. */
TEST(the_core_is_killed_while_a_run_asks)
{
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, yaml);
	peers_fires(&core, down);
	peers_do(&core, "1.0.1");
	transcript_forget();
	core_world_end(&core);
	core_world_pass(5 * MINUTE);
	core_world_start(&core, yaml);
	answer(&core, ROUTE_RUN_APPROVE, "adam", "go");
	core_world_end(&core);
	core_world_start(&core, yaml);
	CK_STORY("00:00 the core is killed\n"
		 "05:00 the core starts\n"
		 "05:00 adam: approve run 1 digest=… reason=go\n"
		 "05:00 incident 1 needs an operator: no more\n"
		 "05:00 run 1 (fail-over) running\n"
		 "05:00 START 1.2.1\n"
		 "05:00 the core is killed\n"
		 "05:00 the core starts\n"
		 "05:00 START 1.2.2\n");
	core_world_end(&core);
}

/* The first step asks: the run never began, and is not needed once the alert is over. */
static const char asks_first[] = "playbooks:\n"
				 "  - name: fail-over\n"
				 "    matchers: [alertname=Down]\n"
				 "    steps:\n"
				 "      - { name: may it, approve: { within: 10m } }\n"
				 "      - { name: act, run: [fail-over] }\n";

TEST(a_run_that_begins_with_its_question_waits_from_the_start)
{
	struct core core;

	transcript_begin();
	core_world_start(&core, asks_first);
	peers_fires(&core, down);
	peers_resolves(&core, down);
	answer(&core, ROUTE_RUN_APPROVE, "adam", "go");
	answer(&core, ROUTE_RUN_REJECT, "adam", "no");
	core_world_wait(&core, 10 * MINUTE);
	CK_STORY("00:00 the core starts\n"
		 "00:00 Down fires\n"
		 "00:00 delivery 1: awaiting_approval run 1: playbook fail-over waits for approval: may it\n"
		 "00:00 incident 1 firing\n"
		 "00:00 incident 1 needs an operator: run 1 (fail-over) waits for approval: may it\n"
		 "00:00 run 1 (fail-over) awaiting_approval\n"
		 "00:00 Down is resolved\n"
		 "00:00 delivery 2: resolved: ended at 2025-11-22T22:40:00.000Z\n"
		 "00:00 incident 1 resolved\n"
		 "00:00 incident 1 needs an operator: no more\n"
		 "00:00 run 1 (fail-over) canceled: incident 1 is resolved\n"
		 "00:00 adam: approve run 1 digest=… reason=go\n"
		 "00:00 refused: incident 1 is resolved: run 1 was canceled\n"
		 "00:00 adam: reject run 1 digest=… reason=no\n"
		 "00:00 refused: incident 1 is resolved: run 1 was canceled\n");
	ck_str(core_world_rows(&core, "SELECT decision || ' by ' ||"
				      " coalesce(decided_by, 'nobody') || ': ' || reason"
				      " FROM approval"),
			"canceled by nobody: incident 1 is resolved");
	core_world_end(&core);
}

/* What an alert asked for once is asked once, however often it comes and goes. */
TEST(a_flapping_alert_asks_one_question_at_a_time)
{
	struct core core;

	transcript_begin();
	core_world_start(&core, asks_first);
	for (int i = 0; i < 3; i++) {
		peers_fires(&core, down);
		core_world_wait(&core, MINUTE);
		peers_resolves(&core, down);
		core_world_wait(&core, MINUTE);
	}
	peers_fires(&core, down);
	ck_str(core_world_rows(&core, "SELECT status FROM run"),
			"canceled, canceled, canceled, awaiting_approval");
	ck_str(core_world_rows(&core, "SELECT DISTINCT reason FROM run WHERE finished_at > 0"),
			"incident 1 is resolved");
	ck_str(core_world_rows(&core, "SELECT run_id FROM approval WHERE decision IS NULL"), "4");
	core_world_end(&core);
}

/* It had looked before it asked: the question is withdrawn, and the end says what was done. */
TEST(a_question_in_the_middle_is_withdrawn_when_the_incident_is_over)
{
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, yaml);
	peers_fires(&core, down);
	peers_do(&core, "1.0.1");
	transcript_forget();
	peers_resolves(&core, down);
	answer(&core, ROUTE_RUN_APPROVE, "adam", "go");
	CK_STORY("00:00 Down is resolved\n"
		 "00:00 delivery 2: resolved: ended at 2025-11-22T22:40:00.000Z\n"
		 "00:00 incident 1 resolved\n"
		 "00:00 incident 1 needs an operator: run 1 (fail-over) canceled: incident 1 is resolved; done before: look\n"
		 "00:00 run 1 (fail-over) canceled: incident 1 is resolved; done before: look\n"
		 "00:00 NOTIFY 2 on-call resolved\n"
		 "00:00 notification 2 sent\n"
		 "00:00 adam: approve run 1 digest=… reason=go\n"
		 "00:00 refused: incident 1 is resolved: run 1 was canceled\n");
	core_world_end(&core);
}

/* The step before the question goes on to its end; then nobody is asked. */
TEST(a_run_that_comes_to_its_question_when_all_is_over_asks_nobody)
{
	struct core core;

	transcript_begin();
	core_world.egress_takes = true;
	core_world_start(&core, yaml);
	peers_fires(&core, down);
	peers_started(&core, "1.0.1");
	peers_resolves(&core, down);
	transcript_forget();
	peers_exited(&core, "1.0.1", 0);
	CK_STORY("00:00 1.0.1 exited 0\n"
		 "00:00 incident 1 needs an operator: run 1 (fail-over) canceled: incident 1 is resolved; done before: look\n"
		 "00:00 run 1 (fail-over) canceled: incident 1 is resolved; done before: look\n");
	ck_str(core_world_rows(&core, "SELECT count(*) FROM approval"), "0");
	core_world_end(&core);
}

/* Neither an operator's own run nor a replay is for an alert. */
TEST(a_question_by_hand_stays)
{
	struct core core;

	transcript_begin();
	core_world_start(&core, asks_first);
	peers_fires(&core, down);
	peers_resolves(&core, down);
	peers_ask(&core, &(struct peers_question){ ROUTE_INCIDENT_REPLAY, 1 });
	peers_ask(&core, &(struct peers_question){ ROUTE_PLAYBOOK_RUN,
					 .args = PAIRS("playbook", "fail-over") });
	core_world_wait(&core, MINUTE);
	peers_fires(&core, down);
	peers_resolves(&core, down);
	ck_str(core_world_rows(&core, "SELECT trigger || ' ' || status FROM run"),
			"alert canceled, replay awaiting_approval, manual awaiting_approval");
	core_world_end(&core);
}

TEST(only_what_was_asked_is_approved)
{
	static const char *const zeros =
			"0000000000000000000000000000000000000000000000000000000000000000";
	struct core core;

	transcript_begin();
	core_world_start(&core, asks_first);
	peers_fires(&core, down);
	transcript_forget();
	peers_ask(&core, &(struct peers_question){
					 ROUTE_RUN_APPROVE, 1, .args = PAIRS("digest", zeros) });
	peers_ask(&core, &(struct peers_question){
					 ROUTE_RUN_APPROVE, 1, .args = PAIRS("digest", "short") });
	peers_ask(&core, &(struct peers_question){ ROUTE_RUN_APPROVE, 7 });
	answer(&core, ROUTE_RUN_APPROVE, "adam", "go");
	peers_ask(&core, &(struct peers_question){ ROUTE_PLAYBOOK_RUN,
					 .args = PAIRS("playbook", "fail-over") });
	peers_do(&core, "1.1.1");
	peers_ask(&core, &(struct peers_question){
					 ROUTE_RUN_APPROVE, 1, .args = PAIRS("digest", zeros) });
	CK_STORY("00:00 eve: approve run 1 digest=…\n"
		 "00:00 refused: the digest is not that of the open question: read the run again\n"
		 "00:00 eve: approve run 1 digest=…\n"
		 "00:00 refused: digest: expected 64 hex digits\n"
		 "00:00 eve: approve run 7\n"
		 "00:00 refused: there is no run 7\n"
		 "00:00 adam: approve run 1 digest=… reason=go\n"
		 "00:00 incident 1 needs an operator: no more\n"
		 "00:00 run 1 (fail-over) running\n"
		 "00:00 START 1.1.1\n"
		 "00:00 eve: run playbook=fail-over\n"
		 "00:00 decision: awaiting_approval run 2: playbook fail-over waits for approval: may it\n"
		 "00:00 run 2 (fail-over) awaiting_approval\n"
		 "00:00 1.1.1 started\n"
		 "00:00 GO 1.1.1\n"
		 "00:00 1.1.1 exited 0\n"
		 "00:00 incident 1 needs an operator: run 1 (fail-over) collected evidence; nothing was changed or verified\n"
		 "00:00 run 1 (fail-over) succeeded: all steps done\n"
		 "00:00 eve: approve run 1 digest=…\n"
		 "00:00 refused: 'may it' was approved by adam at 2025-11-22T22:40:00.000Z: go\n");
	core_world_end(&core);
}

/* It was approved, waits for room on the disk, and meanwhile would do something else. */
TEST(a_reload_voids_an_approval_that_still_waits_for_its_turn)
{
	char *other = strdup(asks_first);
	struct core core;

	must(other);
	memcpy(strstr(other, "[fail-over]"), "[fall-over]", 11);
	transcript_begin();
	core_world_start(&core, asks_first);
	peers_fires(&core, down);
	core.storage.space.degraded = true;
	answer(&core, ROUTE_RUN_APPROVE, "adam", "go");
	transcript_forget();
	core.storage.space.degraded = false;
	core_world_reload(&core, other);
	CK_STORY("00:00 the configuration is read again\n"
		 "00:00 incident 1 needs an operator: run 1 (fail-over) rejected: may it: approved by adam at 2025-11-22T22:40:00.000Z, but the configuration changed, and so did what the run would execute\n"
		 "00:00 run 1 (fail-over) rejected: may it: approved by adam at 2025-11-22T22:40:00.000Z, but the configuration changed, and so did what the run would execute\n");
	core_world_end(&core);
	free(other);
}

/* It has begun, and nobody else may begin between its steps. */
TEST(a_run_that_asks_keeps_its_lock)
{
	static const char locked[] = "playbooks:\n"
				     "  - name: fail-over\n"
				     "    matchers: [alertname=Down]\n"
				     "    guards: { lock: database }\n"
				     "    steps:\n"
				     "      - { name: look, run: [status] }\n"
				     "      - { name: may it, approve: { within: 10m } }\n"
				     "      - { name: act, run: [fail-over] }\n"
				     "  - name: trim\n"
				     "    matchers: [alertname=Slow]\n"
				     "    guards: { lock: database }\n"
				     "    steps: [{ name: trim, run: [trim] }]\n";
	struct core core;

	transcript_begin();
	core_world_start(&core, locked);
	peers_fires(&core, down);
	peers_do(&core, "1.0.1");
	transcript_forget();
	peers_fires(&core, PAIRS("alertname", "Slow"));
	answer(&core, ROUTE_RUN_REJECT, "adam", "");
	CK_STORY("00:00 Slow fires\n"
		 "00:00 delivery 2: queued run 2\n"
		 "00:00 incident 2 firing\n"
		 "00:00 run 2 (trim) queued\n"
		 "00:00 adam: reject run 1 digest=… reason=\n"
		 "00:00 incident 1 needs an operator: run 1 (fail-over) rejected: may it: rejected by adam\n"
		 "00:00 run 1 (fail-over) rejected: may it: rejected by adam\n"
		 "00:00 run 2 (trim) running\n"
		 "00:00 START 2.0.1\n");
	core_world_end(&core);
}
