/* SPDX-License-Identifier: Apache-2.0 */
#include "core_world.h"
#include "peers.h"
#include "test.h"
#include "transcript.h"

#define MINUTE (INT64_C(60) * 1000)

static const char yaml[] =
		"receivers:\n"
		"  - { name: on-call, webhook_configs: [{ url: 'http://a/' }] }\n"
		"  - name: crew\n"
		"    webhook_configs: [{ url: 'http://b/' }, { url: 'http://c/', send_resolved: false }]\n"
		"escalation:\n"
		"  levels: [{ name: L1, receivers: [on-call], respond_within: 0 }]\n"
		"playbooks:\n"
		"  - name: warn\n"
		"    matchers: [alertname=Full]\n"
		"    steps: [{ name: warn, notify: crew, subject: 'full', text: 'the disk is full' }]\n";

static const char *const down[] = { "alertname", "Down", NULL };
static const char *const full[] = { "alertname", "Full", NULL };

static void begin(struct core *core)
{
	transcript_begin();
	core_world_start(core, yaml);
}

static const char *timeline(struct core *core)
{
	return core_world_rows(core, "SELECT text FROM timeline WHERE kind = 'told' ORDER BY id");
}

TEST(a_notification_fails_backs_off_and_is_sent)
{
	struct core core;

	begin(&core);
	peers_fires(&core, down);
	for (int i = 0; i < 3; i++) {
		peers_notified(&core, 1, NOTIFIED_LATER, "status 503");
		core_world_wait(&core, INT64_C(1000) << i);
	}
	peers_notified(&core, 1, NOTIFIED_SENT, "");
	core_world_wait(&core, MINUTE);
	CK_STORY("00:00 the core starts\n"
		 "00:00 Down fires\n"
		 "00:00 delivery 1: unmatched: no playbook matches this alert\n"
		 "00:00 incident 1 firing\n"
		 "00:00 incident 1 needs an operator: no playbook matches this alert\n"
		 "00:00 page L1 of incident 1: no playbook matches this alert\n"
		 "00:00 NOTIFY 1 on-call initial\n"
		 "00:00 notification 1 not taken now: status 503\n"
		 "00:01 NOTIFY 1 on-call initial\n"
		 "00:01 notification 1 not taken now: status 503\n"
		 "00:03 NOTIFY 1 on-call initial\n"
		 "00:03 notification 1 not taken now: status 503\n"
		 "00:07 NOTIFY 1 on-call initial\n"
		 "00:07 notification 1 sent\n");
	ck_str(timeline(&core), "on-call (webhook http://a) sent: initial");
	core_world_end(&core);
}

TEST(a_notification_that_is_never_taken_has_failed)
{
	struct core core;

	begin(&core);
	peers_fires(&core, down);
	peers_notified(&core, 1, NOTIFIED_NEVER, "status 404");
	core_world_wait(&core, 29 * MINUTE);
	CK_STORY("00:00 the core starts\n"
		 "00:00 Down fires\n"
		 "00:00 delivery 1: unmatched: no playbook matches this alert\n"
		 "00:00 incident 1 firing\n"
		 "00:00 incident 1 needs an operator: no playbook matches this alert\n"
		 "00:00 page L1 of incident 1: no playbook matches this alert\n"
		 "00:00 NOTIFY 1 on-call initial\n"
		 "00:00 notification 1 never taken: status 404\n"
		 "00:00 notification 1 has failed: status 404\n");
	ck_str(timeline(&core), "on-call (webhook http://a) failed: initial: status 404");
	core_world_end(&core);
}

/* It is sent again after the pause of its attempt, in case it was what brought egress down. */
TEST(egress_is_restarted_before_it_has_said_how_it_went)
{
	struct core core;

	begin(&core);
	peers_fires(&core, down);
	transcript_forget();
	peers_egress_restarts(&core);
	core_world_wait(&core, 1000);
	peers_notified(&core, 1, NOTIFIED_SENT, "");
	CK_STORY("00:00 egress is restarted\n"
		 "00:01 NOTIFY 1 on-call initial\n"
		 "00:01 notification 1 sent\n");
	core_world_end(&core);
}

/* The core dies after it has asked egress: the receiver may be notified twice, but is notified. */
TEST(the_core_is_killed_before_it_knows_how_it_went)
{
	struct core core;

	begin(&core);
	peers_fires(&core, down);
	transcript_forget();
	core_world_end(&core);
	core_world_start(&core, yaml);
	core_world_wait(&core, 1000);
	peers_notified(&core, 1, NOTIFIED_SENT, "");
	CK_STORY("00:00 the core is killed\n"
		 "00:00 the core starts\n"
		 "00:01 NOTIFY 1 on-call initial\n"
		 "00:01 notification 1 sent\n");
	core_world_end(&core);
}

TEST(a_step_notifies_each_endpoint_and_does_not_wait_for_it)
{
	struct core core;

	begin(&core);
	peers_fires(&core, full);
	peers_notified(&core, 1, NOTIFIED_SENT, "");
	peers_notified(&core, 2, NOTIFIED_NEVER, "status 404");
	CK_STORY("00:00 the core starts\n"
		 "00:00 Full fires\n"
		 "00:00 delivery 1: queued run 1\n"
		 "00:00 incident 1 firing\n"
		 "00:00 incident 1 needs an operator: run 1 (warn) only sent notifications; nothing was changed or verified\n"
		 "00:00 run 1 (warn) succeeded: all steps done\n"
		 "00:00 page L1 of incident 1: run 1 (warn) only sent notifications; nothing was changed or verified\n"
		 "00:00 NOTIFY 3 on-call initial\n"
		 "00:00 NOTIFY 1 crew step\n"
		 "00:00 NOTIFY 2 crew step\n"
		 "00:00 notification 1 sent\n"
		 "00:00 notification 2 never taken: status 404\n"
		 "00:00 notification 2 has failed: status 404\n");
	core_world_end(&core);
}

TEST(a_receiver_that_left_the_configuration_is_not_notified)
{
	static const char without[] =
			"receivers:\n"
			"  - { name: crew, webhook_configs: [{ url: 'http://b/' }] }\n";
	struct core core;

	begin(&core);
	peers_fires(&core, down);
	peers_notified(&core, 1, NOTIFIED_LATER, "status 503");
	transcript_forget();
	core_world_reload(&core, without);
	core_world_wait(&core, MINUTE);
	CK_STORY("00:00 the configuration is read again\n"
		 "00:00 notification 1 has failed: its endpoint is not in the configuration any more\n");
	core_world_end(&core);
}
