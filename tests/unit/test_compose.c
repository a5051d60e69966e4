/* SPDX-License-Identifier: Apache-2.0 */
#include "core/notify/compose.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/load.h"
#include "core_world.h"
#include "peers.h"
#include "test.h"

#define MINUTE (INT64_C(60) * 1000)

static const char yaml[] =
		"receivers:\n"
		"  - { name: on-call, webhook_configs: [{ url: 'http://a/' }] }\n"
		"  - { name: lead, webhook_configs: [{ url: 'http://b/' }] }\n"
		"escalation:\n"
		"  update_every: 10m\n"
		"  levels: [{ name: L1, receivers: [on-call, lead], respond_within: 0 }]\n"
		"checks: [{ name: page, http: { url: 'http://web/' } }]\n"
		"playbooks:\n"
		"  - name: restart\n"
		"    matchers: [alertname=Down]\n"
		"    incident: { group_by: [alertname] }\n"
		"    steps: [{ name: restart, run: [restart] }]\n"
		"    verify: [{ check: page }]\n";

/* What a notification is filled with, a line each. */
static const char template[] = "[UPDATE] ${title}\n"
			       "${resolution}\n"
			       "${url}\n"
			       "${affected_services}\n";

static void begin(struct core *core)
{
	struct config_file items[] = {
		{ "test.yml", yaml, (uint32_t)strlen(yaml), CONFIG_YAML },
		{ "t/update.txt", template, (uint32_t)strlen(template), CONFIG_TEMPLATE },
	};
	const struct config_files files = { .items = items, .len = 2 };
	auto_buf struct buf report = { 0 };
	struct config *config;
	struct err err;

	core_world_open(core, CORE_WORLD_STORE);
	free(core->ground.external_url);
	core->ground.external_url = strdup("http://playbookd.test//");
	config = load_config(&files, &report, &err);
	ck_str(buf_text(&report), "");
	must(config);
	configs_add(&core->ground.configs, config);
	must_ok(core_begin(core, &err), err);
	core_world_tick(core);
}

/* The text of the notification of that kind to the receiver. */
static const char *text_of(struct core *core, const char *kind, const char *receiver)
{
	return core_world_rows(core,
			"SELECT text FROM outbox WHERE kind = '%s' AND receiver = '%s'", kind,
			receiver);
}

TEST(all_receivers_of_a_level_get_the_same_words)
{
	struct core core;
	char text[4096];

	begin(&core);
	peers_fires(&core, PAIRS("alertname", "Down", "service", "argus"));
	snprintf(text, sizeof(text), "%s", text_of(&core, "initial", "on-call"));
	ck_str(text_of(&core, "initial", "lead"), text);
	ck_has(text, "Affected Services: argus\n");
	core_world_end(&core);
}

/* Nobody wrote down what helped, but a run did. */
TEST(what_helped_and_what_is_left_to_do_are_named)
{
	const struct peers_question note = { ROUTE_FOLLOW_UP_ADD, 1,
		.args = PAIRS("text", "more disk") };
	const struct peers_question other = { ROUTE_FOLLOW_UP_ADD, 1,
		.args = PAIRS("text", "a second web") };
	struct core core;

	begin(&core);
	peers_fires(&core, PAIRS("alertname", "Down", "service", "argus"));
	peers_ask(&core, &note);
	peers_ask(&core, &other);
	peers_do(&core, "1.0.1");
	peers_probed(&core, VERDICT_HEALTHY, "status 200");
	peers_resolves(&core, PAIRS("alertname", "Down", "service", "argus"));
	ck_has(text_of(&core, "resolved", "lead"), "playbook restart (run 1)");
	ck_has(text_of(&core, "resolved", "lead"), "more disk");
	ck_has(text_of(&core, "resolved", "lead"), "a second web");
	core_world_end(&core);
}

TEST(a_template_is_filled_with_what_is_known_now)
{
	struct core core;

	begin(&core);
	peers_fires(&core, PAIRS("alertname", "Down", "service", "argus"));
	core_world_wait(&core, 10 * MINUTE);
	ck_str(core_world_rows(&core,
			       "SELECT subject FROM outbox WHERE kind = 'update' AND receiver = 'lead'"),
			"[UPDATE] Down on argus");
	ck_has(text_of(&core, "update", "lead"),
			"playbook restart (run 1, not verified yet)\nhttp://playbookd.test/api/v1/incidents/1\n");
	core_world_end(&core);
}

/* What is shown of an alert is as long as a line may be, and what many have to say is cut. */
TEST(a_letter_of_our_own_has_what_an_engineer_needs)
{
	static const char no_templates[] =
			"receivers: [{ name: on-call, webhook_configs: [{ url: 'http://a/' }] }]\n"
			"escalation:\n"
			"  hold: 1h\n"
			"  levels: [{ name: L1, receivers: [on-call], respond_within: 5m }]\n"
			"playbooks:\n"
			"  - name: restart\n"
			"    matchers: [alertname=Down]\n"
			"    incident: { group_by: [alertname], title: down }\n"
			"    steps: [{ name: restart, run: [restart] }]\n";
	char huge[4096];
	const struct peers_alert alerts[] = {
		{ .labels = PAIRS("alertname", "Down", "node", "n7"),
				.annotations = PAIRS("description", huge, "runbook_url",
						"https://r.example.org", "summary", "It is down") },
		{ .labels = PAIRS("alertname", "Down", "node", "n8") },
	};
	struct core core;
	const char *text;

	memset(huge, 'x', sizeof(huge) - 1);
	huge[sizeof(huge) - 1] = '\0';
	core_world_start(&core, no_templates);
	peers_deliver(&core, &(struct peers_delivery){ .alerts = alerts, .len = 2 });
	peers_started(&core, "1.0.1");
	peers_exited(&core, "1.0.1", 3);
	text = text_of(&core, "initial", "on-call");
	ck_has(text, "\nSummary: It is down\nDescription: xxx");
	ck_has(text, "xxx…\nRunbook: https://r.example.org\nAlerts: node=n7; node=n8\nTried: run 1 (restart) failed: ");
	ck(strlen(text) < 2 * NOTIFICATION_VALUE_MAX);
	core_world_end(&core);
}

/* An alert without a service is named by its instance; so many, and no more. */
TEST(the_services_of_many_alerts_are_named_once_and_cut)
{
	struct core core;
	const char *text;
	char name[16];

	begin(&core);
	peers_fires(&core, PAIRS("alertname", "Down", "instance", "web-1:80"));
	for (int i = 0; i < 70; i++) {
		snprintf(name, sizeof(name), "s%d", i);
		peers_fires(&core, PAIRS("alertname", "Down", "service", name));
		peers_fires(&core, PAIRS("alertname", "Down", "disk", "a", "service", name));
	}
	core_world_wait(&core, 10 * MINUTE);
	text = text_of(&core, "update", "lead");
	ck_has(text, "web-1:80, s0, s1, s2, ");
	ck_has(text, ", s62 and more\n");
	core_world_end(&core);
}
