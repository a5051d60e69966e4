/* SPDX-License-Identifier: Apache-2.0 */
#include "core/intake/rejects.h"

#include <string.h>

#include "core_world.h"
#include "peers.h"
#include "test.h"

#define HOUR (INT64_C(60) * 60 * 1000)

static const char yaml[] = "global: { unmatched: ignore }\n"
			   "receivers:\n"
			   "  - name: on-call\n"
			   "    webhook_configs: [{ url: 'http://pager/' }]\n"
			   "escalation:\n"
			   "  levels:\n"
			   "    - { name: L1, receivers: [on-call], respond_within: 5m }\n"
			   "playbooks:\n"
			   "  - { name: p, matchers: [a=b], steps: [{ name: s, wait: 1s }] }\n";

static void must_start(struct core *core)
{
	core_world.egress_takes = true;
	core_world_start(core, yaml);
}

/* The front has refused a body. */
static void rejected(struct core *core, const char *body)
{
	struct msg_rejected msg = { .principal = "anonymous",
		.client = "10.0.0.7",
		.status = 400,
		.error = "alerts: missing, expected array",
		.size = strlen(body),
		.missed = 2,
		.body = { (const unsigned char *)body, (uint32_t)strlen(body) } };

	digest_sha256(body, strlen(body), msg.hash);
	core_world_hears(core, ROLE_FRONT, MSG_REJECTED, &msg);
	core_world_wait(core, 0);
}

static const char *incidents(struct core *core)
{
	return core_world_rows(core, "SELECT id || ' ' || title || ' ' || status FROM incident");
}

static const char *pages(struct core *core)
{
	return core_world_rows(core, "SELECT count(*) FROM outbox WHERE kind = 'initial'");
}

TEST(an_undecodable_body_is_kept_and_pages_once)
{
	struct core core;

	must_start(&core);
	rejected(&core, "{}");
	ck_str(core_world_rows(&core, "SELECT status || ' ' || error || ' ' || principal || ' ' ||"
				      " client || ' ' || size || ' ' || body FROM rejected_body"),
			"400 alerts: missing, expected array anonymous 10.0.0.7 2 {}");
	ck_str(incidents(&core), "1 UndecodableDelivery firing");
	ck_str(core_world_rows(&core, "SELECT attention FROM incident"),
			"a delivery from 10.0.0.7 was answered 400, and its alerts are lost: alerts: missing, expected array; GET /api/v1/rejected-deliveries/1 has it. This ends when none was rejected for 24h");
	ck_str(pages(&core), "1");
	core_world_wait(&core, 60000);
	rejected(&core, "{}");
	rejected(&core, "{\"x\":1}");
	ck_str(core_world_rows(&core, "SELECT count FROM rejected_body ORDER BY id"), "2, 1");
	ck_str(incidents(&core), "1 UndecodableDelivery firing");
	ck_str(pages(&core), "1");
	ck_int(core.ground.counters.rejected_deliveries, 9);
	ck_int(core.ground.counters.deliveries, 0);
	core_world_end(&core);
}

TEST(its_incident_ends_when_none_has_arrived_for_a_day)
{
	struct core core;

	must_start(&core);
	rejected(&core, "{}");
	core_world_wait(&core, 20 * HOUR);
	rejected(&core, "{}");
	core_world_wait(&core, 23 * HOUR);
	ck_str(incidents(&core), "1 UndecodableDelivery firing");
	core_world_wait(&core, HOUR);
	ck_str(incidents(&core), "1 UndecodableDelivery resolved");
	rejected(&core, "{}");
	ck_has(incidents(&core), "UndecodableDelivery firing");
	core_world_end(&core);
}

TEST(it_ends_after_a_restart_too)
{
	struct core core;

	must_start(&core);
	rejected(&core, "{}");
	core_world_end(&core);
	core_world_pass(23 * HOUR);
	must_start(&core);
	ck_str(incidents(&core), "1 UndecodableDelivery firing");
	core_world_wait(&core, HOUR);
	ck_str(incidents(&core), "1 UndecodableDelivery resolved");
	core_world_end(&core);
}

TEST(what_is_rejected_after_an_operator_closed_it_pages_again)
{
	struct core core;

	must_start(&core);
	rejected(&core, "{}");
	peers_ask(&core, &(struct peers_question){ ROUTE_CLOSE, 1 });
	rejected(&core, "{}");
	ck_str(incidents(&core), "1 UndecodableDelivery closed, 2 UndecodableDelivery firing");
	core_world_end(&core);
}

TEST(while_the_disk_is_full_it_is_counted)
{
	const struct msg_rejected msg = { .principal = "anonymous",
		.client = "unix",
		.status = 413,
		.error = "too long",
		.missed = 4 };
	struct core core;

	must_start(&core);
	rejects_count(&core.intake, &msg);
	ck_int(core.ground.counters.rejected_deliveries, 5);
	ck_str(core_world_rows(&core, "SELECT count(*) FROM rejected_body"), "0");
	core_world_end(&core);
}

/* --- the API --- */

static struct peers_answer ask(struct core *core, enum route route, uint64_t id)
{
	return peers_ask(core, &(struct peers_question){ route, id });
}

TEST(they_are_listed_and_shown_as_text_or_base64)
{
	struct core core;

	must_start(&core);
	rejected(&core, "{\"x\":\"\xc3\xa4\"}");
	rejected(&core, "\x1f\x8b\xff");
	rejected(&core, "cut \xc3");
	core_world_exec(&core, "UPDATE rejected_body SET size = 6 WHERE id = 3");
	rejected(&core, "bad \xc3");
	ck_has(ask(&core, ROUTE_REJECTED_DELIVERIES, 0).text,
			"{\"rejectedDeliveries\":[{\"id\":4,\"firstAt\":\"2025-11-22T22:40:00.000Z\",");
	ck_has(ask(&core, ROUTE_REJECTED_DELIVERY, 1).text,
			"\"body\":\"{\\\"x\\\":\\\"\xc3\xa4\\\"}\",\"bodyEncoded\":null}");
	ck_has(ask(&core, ROUTE_REJECTED_DELIVERY, 2).text,
			"\"body\":null,\"bodyEncoded\":\"H4v/\"}");
	ck_has(ask(&core, ROUTE_REJECTED_DELIVERY, 3).text,
			"\"body\":\"cut \",\"bodyEncoded\":null}");
	ck_has(ask(&core, ROUTE_REJECTED_DELIVERY, 4).text, "\"bodyEncoded\":\"YmFkIMM=\"}");
	ck_int(ask(&core, ROUTE_REJECTED_DELIVERY, 5).code, ERR_NOT_FOUND);
	ck_has(ask(&core, ROUTE_METRICS, 0).text, "\nplaybookd_rejected_deliveries_total 12\n");
	core_world_end(&core);
}

/* --- alerts --- */

static const struct peers_alert broken = { .labels = PAIRS("alertname", "Down"),
	.broken = "labels.service: expected string" };

static void deliver_broken(struct core *core, bool dry_run, uint64_t replay_of)
{
	const struct peers_alert alerts[] = { { .labels = PAIRS("a", "c") }, broken, broken };

	peers_deliver(core, &(struct peers_delivery){ .alerts = alerts,
					    .len = 3,
					    .dry_run = dry_run,
					    .replay_of = replay_of });
}

TEST(an_alert_that_cannot_be_read_pages_once_for_its_receiver)
{
	struct core core;

	must_start(&core);
	deliver_broken(&core, false, 0);
	ck_str(core_world_rows(&core, "SELECT decision FROM decision WHERE delivery_id = 1"),
			"unmatched, rejected_alert, rejected_alert");
	ck_str(core_world_rows(&core, "SELECT title || ' ' || status || ': ' || attention || ' ' ||"
				      " labels FROM incident"),
			"UnreadableAlert receiver=r firing: 2 alerts of delivery 1 cannot be read and are lost: labels.service: expected string; mend the rule or the sender, then close this {\"alertname\":\"UnreadableAlert\",\"receiver\":\"r\"}");
	ck_str(pages(&core), "1");
	core_world_wait(&core, HOUR);
	deliver_broken(&core, false, 0);
	ck_str(incidents(&core), "1 UnreadableAlert receiver=r firing");
	core_world_wait(&core, 100 * HOUR);
	ck_str(incidents(&core), "1 UnreadableAlert receiver=r firing");
	peers_ask(&core, &(struct peers_question){ ROUTE_CLOSE, 1 });
	deliver_broken(&core, false, 0);
	ck_str(incidents(&core),
			"1 UnreadableAlert receiver=r closed, 2 UnreadableAlert receiver=r firing");
	core_world_end(&core);
}

/* An operator sees the answer. */
TEST(a_dry_run_and_a_replay_page_nobody)
{
	struct core core;

	must_start(&core);
	deliver_broken(&core, true, 0);
	ck_str(incidents(&core), "");
	core_world_exec(&core,
			"INSERT INTO delivery (received_at, principal, external_url,"
			" receiver, group_key, notification_reason, alerts, truncated,"
			" body_hash, body) VALUES (1, '', '', '', '', '', 0, 0, x'00', x'00')");
	deliver_broken(&core, false, 1);
	ck_str(incidents(&core), "");
	core_world_end(&core);
}

/* --- what was not taken as it came --- */

TEST(a_note_stands_in_the_decision_and_in_the_answer)
{
	const struct peers_alert alert = { .labels = PAIRS("alertname", "Down"),
		.note = "annotation dump was cut at 16 KiB" };
	struct peers_answer answer;
	struct core core;

	must_start(&core);
	answer = peers_deliver(&core, &(struct peers_delivery){ .alerts = &alert,
						      .len = 1,
						      .note = "groupKey is taken as text" });
	ck_has(answer.text, "\"alerts\":1,\"note\":\"groupKey is taken as text\",\"decisions\"");
	ck_has(answer.text,
			"\"reason\":\"no playbook matches this alert; annotation dump was cut at 16 KiB\"");
	ck_str(core_world_rows(&core, "SELECT reason FROM decision"),
			"no playbook matches this alert; annotation dump was cut at 16 KiB");
	ck_str(core_world_rows(&core, "SELECT note FROM delivery"), "groupKey is taken as text");
	core_world_end(&core);
}
