/* SPDX-License-Identifier: Apache-2.0 */
#include "core/intake/own_alert.h"

#include "core/state/turn.h"
#include "core_world.h"
#include "peers.h"
#include "test.h"

#define POLICY                                                           \
	"receivers:\n"                                                   \
	"  - name: on-call\n"                                            \
	"    webhook_configs: [{ url: 'http://pager/' }]\n"              \
	"escalation:\n"                                                  \
	"  levels:\n"                                                    \
	"    - { name: L1, receivers: [on-call], respond_within: 5m }\n" \
	"    - { name: L3, receivers: [on-call], respond_within: 5m }\n"

static const char ignoring[] = "global: { unmatched: ignore }\n" POLICY "playbooks:\n"
			       "  - { name: p, matchers: [a=b], steps: [{ name: s, wait: 1s }] }\n";
static const char matching[] = POLICY "playbooks:\n"
				      "  - name: p\n"
				      "    matchers: [alertname=HeartbeatMissing]\n"
				      "    incident: { level: L1 }\n"
				      "    steps: [{ name: s, wait: 1s }]\n";

static const struct label watchdog[] = { { "heartbeat", "watchdog" }, { NULL, NULL } };
static const struct label other[] = { { "heartbeat", "other" }, { NULL, NULL } };

static const struct own_alert missing = { "HeartbeatMissing", watchdog, "nothing came", NULL,
	false };
static const struct own_alert other_missing = { "HeartbeatMissing", other, "nothing came", NULL,
	false };
static const struct own_alert happened = { "Happened", NULL, "it happened", NULL, true };

static void say(struct core *core, const struct own_alert *own,
		int (*fn)(struct intake_room *, const struct own_alert *, struct err *))
{
	struct err err;

	turn_begin(&core->ground.turn);
	must_ok(turn_write(&core->ground.turn, &err), err);
	must_ok(fn(&core->intake, own, &err), err);
	core_world_wait(core, 0);
}

static void fires(struct core *core, const struct own_alert *own)
{
	say(core, own, own_alert_fires);
}

static void ends(struct core *core, const struct own_alert *own)
{
	say(core, own, own_alert_ends);
}

static const char *incidents(struct core *core)
{
	return core_world_rows(core, "SELECT id || ' ' || status || ' ' || level || ' ' ||"
				     " coalesce(attention, '-') FROM incident ORDER BY id");
}

static const char *deliveries(struct core *core)
{
	return core_world_rows(core, "SELECT count(*) FROM delivery");
}

TEST(an_own_alert_has_all_that_a_delivered_one_has)
{
	struct core core;

	core_world_start(&core, ignoring);
	fires(&core, &missing);
	ck_str(incidents(&core), "1 firing L1 nothing came");
	ck_str(core_world_rows(&core, "SELECT principal || body FROM delivery"),
			"playbookd{\"alerts\":[{\"status\":\"firing\",\"labels\":{\"alertname\":"
			"\"HeartbeatMissing\",\"heartbeat\":\"watchdog\"},\"annotations\":{\"summary\":"
			"\"nothing came\"},\"startsAt\":\"2025-11-22T22:40:00.000Z\"}]}");
	ck_str(core_world_rows(&core, "SELECT decision || ' ' || reason FROM decision"),
			"unmatched no playbook matches this alert");
	ck_str(core_world_rows(&core, "SELECT status || ' ' || fingerprint FROM episode"),
			"firing b31631827825fb3f");
	ck_int(core_world_count(MSG_NOTIFY), 1);
	ends(&core, &missing);
	ck_str(incidents(&core), "1 resolved L1 -");
	ck_str(core_world_rows(&core, "SELECT decision FROM decision"), "unmatched, resolved");
	core_world_end(&core);
}

TEST(what_fires_already_is_not_written_down_again)
{
	struct core core;

	core_world_start(&core, ignoring);
	for (int i = 0; i < 3; i++) {
		fires(&core, &missing);
		core_world_pass(60000);
	}
	ck_str(deliveries(&core), "1");
	ends(&core, &missing);
	ends(&core, &missing);
	ck_str(deliveries(&core), "2");
	core_world_end(&core);
}

/* Their labels say which is which, whatever a playbook or the default groups by. */
TEST(each_own_alert_has_an_incident_of_its_own)
{
	static const char *const texts[] = { ignoring, matching };

	for (size_t i = 0; i < 2; i++) {
		struct core core;

		core_world_start(&core, texts[i]);
		fires(&core, &missing);
		fires(&core, &other_missing);
		ck_str(core_world_rows(&core, "SELECT status FROM incident"), "firing, firing");
		core_world_end(&core);
		core_world_remove_store();
	}
}

TEST(a_playbook_may_be_for_an_own_alert)
{
	struct core core;

	core_world_start(&core, matching);
	fires(&core, &missing);
	ck_str(core_world_rows(&core, "SELECT decision || ' ' || playbook FROM decision"),
			"queued p");
	ck_str(core_world_rows(&core, "SELECT requested_by FROM run"), "playbookd");
	core_world_end(&core);
}

TEST(an_own_alert_says_its_level_unless_a_playbook_does)
{
	struct own_alert urgent = missing;
	struct core core;

	urgent.level = "L3";
	core_world_start(&core, ignoring);
	fires(&core, &urgent);
	ck_str(incidents(&core), "1 firing L3 nothing came");
	core_world_end(&core);
	core_world_remove_store();
	core_world_start(&core, matching);
	fires(&core, &urgent);
	ck_str(core_world_rows(&core, "SELECT level FROM incident"), "L1");
	core_world_end(&core);
}

/* Even in one millisecond. */
TEST(what_ended_begins_again)
{
	struct core core;

	core_world_start(&core, ignoring);
	fires(&core, &missing);
	ends(&core, &missing);
	fires(&core, &missing);
	ck_str(core_world_rows(&core, "SELECT status FROM episode"), "resolved, firing");
	ck_str(core_world_rows(&core, "SELECT status FROM incident"), "firing");
	core_world_end(&core);
}

TEST(a_state_that_an_operator_has_seen_is_not_raised_again_until_it_ended)
{
	struct core core;

	core_world_start(&core, ignoring);
	fires(&core, &missing);
	peers_ask(&core, &(struct peers_question){ ROUTE_CLOSE, 1 });
	fires(&core, &missing);
	ck_str(core_world_rows(&core, "SELECT status FROM incident"), "closed");
	ends(&core, &missing);
	fires(&core, &missing);
	ck_str(core_world_rows(&core, "SELECT status FROM incident"), "closed, firing");
	core_world_end(&core);
}

TEST(what_happens_once_more_after_an_operator_was_done_is_news)
{
	static const enum route over[] = { ROUTE_CLOSE, ROUTE_RESOLVE };
	static const char *const after[] = { "closed, firing", "firing" };

	for (size_t i = 0; i < 2; i++) {
		struct core core;

		core_world_start(&core, ignoring);
		fires(&core, &happened);
		fires(&core, &happened);
		ck_str(deliveries(&core), "1");
		peers_ask(&core, &(struct peers_question){ over[i], 1 });
		core_world_pass(60000);
		fires(&core, &happened);
		ck_str(core_world_rows(&core, "SELECT status FROM incident"), after[i]);
		ck_str(core_world_rows(&core, "SELECT status FROM episode"), "resolved, firing");
		core_world_end(&core);
		core_world_remove_store();
	}
}
