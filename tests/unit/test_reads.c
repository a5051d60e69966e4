/* SPDX-License-Identifier: Apache-2.0 */
/* What can be read of a core in the middle of its work. test_page has the lists. */
#include "core/api/read/read_incidents.h"

#include <string.h>

#include "core_world.h"
#include "peers.h"
#include "test.h"

#define MINUTE (INT64_C(60) * 1000)

static const char yaml[] =
		"receivers:\n"
		"  - { name: on-call, webhook_configs: [{ url: 'http://a/' }] }\n"
		"escalation:\n"
		"  hold: 1m\n"
		"  levels:\n"
		"    - { name: L1, receivers: [on-call], respond_within: 10m }\n"
		"    - { name: L2, receivers: [on-call], respond_within: 10m }\n"
		"checks:\n"
		"  - { name: page, http: { url: 'http://web/' }, interval: 1m }\n"
		"  - { name: port, tcp: 'web:80' }\n"
		"playbooks:\n"
		"  - name: restart\n"
		"    matchers: [alertname=Down]\n"
		"    params: { service: { from: labels.service, pattern: '[a-z]+' } }\n"
		"    steps:\n"
		"      - { name: look, run: [status, '${service}'] }\n"
		"      - { name: may it, approve: { within: 10m, message: 'restart ${service}?' } }\n"
		"      - { name: act, run: [restart, '${service}'], env: { WHAT: '${service}' } }\n";

static const char *const argus[] = { "alertname", "Down", "service", "argus", NULL };

/*
 * At 22:40:00 the check of the page fails; at 22:40:01 argus is down, the run looks, and asks
 * before it acts, for which L1 is paged.
 */
static void begin(struct core *core)
{
	core_world.egress_takes = true;
	core_world_start(core, yaml);
	peers_probed(core, VERDICT_FAILING, "status 502");
	core_world_wait(core, 1000);
	peers_fires(core, argus);
	peers_started(core, "1.0.1");
	peers_wrote(core, "1.0.1", 0, "it is down\n");
}

static const char *get(struct core *core, enum route route, uint64_t id, const char *const *args)
{
	static struct peers_answer answer;

	answer = peers_ask(core, &(struct peers_question){ route, id, .args = args });
	ck_int(answer.code, ERR_NONE);
	return answer.text;
}

TEST(an_incident_is_read_with_all_that_hangs_on_it)
{
	const char *text;
	struct core core;

	begin(&core);
	text = get(&core, ROUTE_INCIDENT, 1, NULL);
	ck_has(text, "{\"id\":1,\"title\":\"Down on argus\",\"status\":\"firing\",\"level\":\"L1\"");
	ck_has(text, "\"attention\":\"run 1 (restart) waits for approval: may it\"");
	ck_has(text, "\"alerts\":[{\"fingerprint\":\"f\",\"labels\":{\"alertname\":\"Down\",\"service\":\"argus\"}");
	ck_has(text, "\"runs\":[{\"id\":1,\"playbook\":\"restart\",\"trigger\":\"alert\",\"status\":\"awaiting_approval\"");
	ck_has(text, "\"notifications\":[{\"id\":1,\"key\":\"incident/1/1/initial\"");
	ck_has(text, "\"followUps\":[],\"checklist\":[{\"name\":\"document\"");
	ck_has(text, "\"escalations\":[{\"level\":\"L1\",\"at\":\"2025-11-22T22:40:01.000Z\",\"by\":\"playbookd\"");
	ck_has(text, "\"nextEscalationAt\":\"2025-11-22T22:50:01.000Z\",\"nextUpdateAt\":\"2025-11-22T23:10:01.000Z\"}");
	core_world_end(&core);
}

/* What is stopped is answered at once, though its row is taken out only when it would be due. */
TEST(an_incident_in_an_operators_hands_has_no_next_escalation)
{
	struct core core;

	begin(&core);
	ck_has(get(&core, ROUTE_ACKNOWLEDGE, 1, NULL),
			"\"nextEscalationAt\":null,\"nextUpdateAt\":\"2025");
	peers_ask(&core, &(struct peers_question){ ROUTE_RUN_REJECT, 1 });
	ck_has(get(&core, ROUTE_RESOLVE, 1, NULL),
			"\"nextEscalationAt\":null,\"nextUpdateAt\":null");
	core_world_end(&core);
}

TEST(a_run_is_read_with_its_question_and_what_would_be_done)
{
	const char *text;
	struct core core;

	begin(&core);
	text = get(&core, ROUTE_RUN, 1, NULL);
	ck_has(text, "\"status\":\"awaiting_approval\",\"reason\":\"\",\"queuedAt\":\"2025-11-22T22:40:01.000Z\"");
	ck_has(text, "\"params\":{\"service\":\"argus\"}");
	ck_has(text, "\"approval\":{\"step\":1,\"name\":\"may it\",\"message\":\"restart argus?\"");
	ck_has(text, "\"notBy\":null,\"steps\":[{\"index\":2,\"phase\":\"steps\",\"name\":\"act\",\"kind\":\"run\","
		     "\"argv\":[\"restart\",\"argus\"],\"env\":{\"WHAT\":\"argus\"},");
	ck_has(text, "\"decision\":\"pending\",\"decidedAt\":null");
	ck_has(text, "\"outputTail\":\"it is down\\n\"");
	ck_str(get(&core, ROUTE_OUTPUT, 1, NULL), "it is down\n");
	peers_ask(&core, &(struct peers_question){ ROUTE_RUN_REJECT, 1 });
	ck_has(get(&core, ROUTE_RUN, 1, NULL), "\"approval\":null,\"approvals\":[{\"step\":1,");
	core_world_end(&core);
}

TEST(a_delivery_is_read_with_its_body_and_its_decisions)
{
	struct core core;
	const char *text;

	begin(&core);
	text = get(&core, ROUTE_DELIVERY, 1, NULL);
	ck_has(text, "{\"id\":1,\"receivedAt\":\"2025-11-22T22:40:01.000Z\",\"principal\":\"eve\",\"externalURL\":\"http://am\"");
	ck_has(text, "\"decisions\":[{\"deliveryId\":1,");
	ck_has(text, "\"decision\":\"queued\",\"reason\":\"playbook restart\",\"playbook\":\"restart\",\"incidentId\":1,\"runId\":1}");
	core_world_end(&core);
}

TEST(a_check_is_read_with_its_history)
{
	struct core core;

	begin(&core);
	ck_has(get(&core, ROUTE_CHECKS, 0, NULL),
			"{\"checks\":[{\"name\":\"page\",\"kind\":\"http\"");
	ck_has(get(&core, ROUTE_CHECKS, 0, NULL),
			"\"name\":\"port\",\"kind\":\"tcp\",\"target\":\"web:80\","
			"\"expected\":\"connects\",\"intervalMs\":null,");
	ck_has(get(&core, ROUTE_CHECKS, 0, PAIRS("status", "failing")),
			"{\"checks\":[{\"name\":\"page\"");
	ck_str(get(&core, ROUTE_CHECKS, 0, PAIRS("status", "healthy")), "{\"checks\":[]}");
	ck_has(get(&core, ROUTE_CHECK_HISTORY, 0, PAIRS("check", "page")),
			"\"status\":\"failing\",\"since\":\"2025-11-22T22:40:00.000Z\"");
	ck_has(get(&core, ROUTE_CHECK_HISTORY, 0, PAIRS("check", "page")),
			"\"history\":[{\"at\":\"2025-11-22T22:40:00.000Z\",\"status\":\"failing\",\"reason\":\"status 502\"}]}");
	core_world_end(&core);
}

/* Its change is written down a little later, and shown at once. */
TEST(a_change_of_a_check_is_in_its_history_before_it_is_in_the_store)
{
	struct core core;

	core_world_start(&core, yaml);
	peers_probed(&core, VERDICT_FAILING, "status 502");
	ck_str(core_world_rows(&core, "SELECT count(*) FROM check_change"), "0");
	ck_has(get(&core, ROUTE_CHECK_HISTORY, 0, PAIRS("check", "page")), "\"history\":[{\"at\"");
	core_world_end(&core);
}

TEST(the_pause_is_read_with_what_it_keeps_back)
{
	const char *text;
	struct core core;

	begin(&core);
	ck_str(get(&core, ROUTE_PAUSE, 0, NULL),
			"{\"paused\":false,\"reason\":null,\"by\":null,\"since\":null,"
			"\"until\":null,\"suppressed\":[],\"waiting\":[]}");
	core.storage.space.degraded = true; /* the run stays in the queue */
	peers_ask(&core, &(struct peers_question){ ROUTE_PLAYBOOK_RUN,
					 .args = PAIRS("params.service", "iris", "playbook",
							 "restart") });
	core.storage.space.degraded = false;
	peers_say(&core, &(struct peers_question){
					 ROUTE_PAUSE_BEGIN, .args = PAIRS("reason", "hands off") });
	peers_fires(&core, PAIRS("alertname", "Down", "service", "hermes"));
	text = get(&core, ROUTE_PAUSE, 0, NULL);
	ck_has(text, "{\"paused\":true,\"reason\":\"hands off\",\"by\":\"eve\",\"since\":\"2025-11-22T22:40:01.000Z\",\"until\":null");
	ck_has(text, "\"suppressed\":[{\"deliveryId\":2,");
	ck_has(text, "\"waiting\":[{\"id\":2,");
	core_world_end(&core);
}

TEST(the_playbooks_in_force_are_read)
{
	struct core core;

	begin(&core);
	ck_has(get(&core, ROUTE_PLAYBOOKS, 0, NULL),
			"{\"playbooks\":[{\"name\":\"restart\",\"matchers\":[{\"name\":\"alertname\",\"op\":\"=\",\"value\":\"Down\"}],"
			"\"params\":[{\"name\":\"service\",\"pattern\":\"[a-z]+\"}],\"level\":null,\"cooldownMs\":0,"
			"\"steps\":[{\"index\":0,\"phase\":\"steps\",\"name\":\"look\",\"kind\":\"run\",\"argv\":[\"status\",\"${service}\"]},");
	core_world_end(&core);
}

TEST(the_report_of_alerts_says_how_each_was_handled)
{
	struct core core;

	begin(&core);
	core_world_wait(&core, MINUTE);
	peers_ask(&core, &(struct peers_question){ ROUTE_ACKNOWLEDGE, 1 });
	ck_str(get(&core, ROUTE_REPORT_ALERTS, 0, NULL),
			"{\"alerts\":[{\"alertname\":\"Down\",\"incidents\":1,\"open\":1,\"remediated\":0,\"byPeople\":0,\"byItself\":0,"
			"\"runs\":1,\"runsHelped\":0,\"acknowledged\":1,\"mttaMs\":60000,\"resolved\":0,\"mttrMs\":null}]}");
	ck_str(get(&core, ROUTE_REPORT_ALERTS, 0, PAIRS("alertname", "Other")), "{\"alerts\":[]}");
	core_world_end(&core);
}

TEST(the_status_says_what_the_executor_has_said)
{
	struct role_state roles[] = { { ROLE_CORE, 12, 5000, 1 }, { ROLE_FRONT, 0, 0, 7 } };
	const struct msg_roles msg = { .roles = roles,
		.roles_len = 2,
		.started_at = 1000,
		.config_loaded_at = 2000,
		.config_ok = true,
		.config_path = "/etc/playbookd.yml" };
	const char *text;
	struct core core;

	begin(&core);
	core_world_hears(&core, ROLE_EXECUTOR, MSG_ROLES, &msg);
	text = get(&core, ROUTE_STATUS, 0, NULL);
	ck_has(text, "\"startedAt\":\"1970-01-01T00:00:01.000Z\",\"storagePath\":\".\"");
	ck_has(text, "{\"path\":\"/etc/playbookd.yml\",\"hash\":\"");
	ck_has(text, "\"loadedAt\":\"1970-01-01T00:00:02.000Z\",\"lastReloadSuccessful\":true,\"playbooks\":1,\"checks\":2,\"dryRun\":false}");
	ck_has(text, "\"audit\":null,\"roles\":[{\"name\":\"core\",\"pid\":12,\"startedAt\":\"1970-01-01T00:00:05.000Z\",\"restarts\":1},"
		     "{\"name\":\"front\",\"pid\":null,\"startedAt\":null,\"restarts\":7}],\"alertmanagers\":[]}");
	peers_ask(&core, &(struct peers_question){ ROUTE_NOTE, 1, .args = PAIRS("text", "t") });
	ck_has(get(&core, ROUTE_STATUS, 0, NULL), "\"audit\":{\"newest\":1,\"hash\":\"");
	text = get(&core, ROUTE_METRICS, 0, NULL);
	ck_has(text, "\nplaybookd_role_up{role=\"core\"} 1\nplaybookd_role_up{role=\"front\"} 0\n");
	ck_has(text, "\nplaybookd_role_restarts_total{role=\"front\"} 7\n");
	ck_has(text, "\nplaybookd_config_last_reload_success_timestamp_seconds 2.000\n");
	core_world_end(&core);
}

TEST(the_metrics_count_what_has_happened)
{
	static const char *const wanted[] = {
		"\nplaybookd_deliveries_total 1\n",
		"\nplaybookd_alerts_total{status=\"firing\"} 1\n",
		"\nplaybookd_escalation_calls_total{level=\"L1\"} 1\n",
		"\nplaybookd_decisions_total{decision=\"queued\"} 1\n",
		"\nplaybookd_runs_total{playbook=\"restart\",status=\"rejected\"} 1\n",
		"\nplaybookd_runs_active 0\n",
		"\nplaybookd_runs_awaiting_approval 0\n",
		"\nplaybookd_paused 0\n",
		"\nplaybookd_incidents_open 1\n",
		"\nplaybookd_notifications_total{receiver=\"on-call\",status=\"sent\"} 1\n",
		"\nplaybookd_notifications_total{receiver=\"on-call\",status=\"failed\"} 0\n",
		"\nplaybookd_notifications_pending 0\n",
		"\nplaybookd_check_up{check=\"page\"} 0\n",
		"\nplaybookd_check_duration_seconds{check=\"page\"} 0.000\n",
	};
	const char *text;
	struct core core;

	begin(&core);
	ck_has(get(&core, ROUTE_METRICS, 0, NULL), "\nplaybookd_runs_awaiting_approval 1\n");
	peers_ask(&core, &(struct peers_question){ ROUTE_RUN_REJECT, 1 });
	text = get(&core, ROUTE_METRICS, 0, NULL);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		ck_has(text, wanted[i]);
	}
	core_world_end(&core);
}

TEST(a_postmortem_tells_the_incident_from_its_beginning)
{
	static const char *const wanted[] = {
		"# Incident 1: Down on argus\n",
		"| Needs an operator | run 1 (restart) waits for approval: may it |\n",
		"- Services: `argus`\n- Duration: 2m so far\n",
		"- 2025-11-22T22:40:01.000Z **opened**: an alert fires: Down on argus\n",
		"Phase steps: **look**, attempt 1: succeeded, exit code 0, 0s\n",
		"```\nit is down\n```\n",
		"| queued | restart | 1 |",
		"- 2025-11-22T22:40:01.000Z **on-call** (initial) `webhook http://a`: sent at",
		"- [x] Review alert effectiveness: 2025-11-22T22:42:01.000Z by eve",
		"more disk",
	};
	const char *text;
	struct core core;

	begin(&core);
	core_world_wait(&core, 2 * MINUTE);
	peers_ask(&core, &(struct peers_question){ ROUTE_CHECKLIST_ITEM, 1,
					 .args = PAIRS("done", "true", "item", "review") });
	peers_ask(&core, &(struct peers_question){ ROUTE_FOLLOW_UP_ADD, 1,
					 .args = PAIRS("text", "more disk") });
	text = get(&core, ROUTE_POSTMORTEM, 1, NULL);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		ck_has(text, wanted[i]);
	}
	core_world_end(&core);
}

TEST(what_is_not_there_is_not_found)
{
	static const struct {
		enum route route;
		const char *says;
	} rows[] = {
		{ ROUTE_INCIDENT, "there is no incident 7" },
		{ ROUTE_POSTMORTEM, "there is no incident 7" },
		{ ROUTE_TIMELINE, "there is no incident 7" },
		{ ROUTE_RUN, "there is no run 7" },
		{ ROUTE_OUTPUT, "there is no such step of run 7" },
		{ ROUTE_DELIVERY, "there is no delivery 7" },
		{ ROUTE_DELIVERY_REPLAY, "there is no delivery 7" },
		{ ROUTE_CHECK_HISTORY, "there is no check 'none'" },
	};
	struct core core;

	begin(&core);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct peers_answer answer =
				peers_ask(&core, &(struct peers_question){ rows[i].route, 7,
								 .args = PAIRS("check", "none") });

		ck_int(answer.code, ERR_NOT_FOUND);
		ck_str(answer.text, rows[i].says);
	}
	core_world_end(&core);
}
