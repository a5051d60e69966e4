/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/load.h"
#include "domain/approval.h"
#include "executor/permit.h"
#include "test.h"

static const char text[] = "checks:\n"
			   "  - name: disk\n"
			   "    command: [/bin/df, -h, /]\n"
			   "    timeout: 7s\n"
			   "  - name: queue\n"
			   "    command: [queue, --short]\n"
			   "    interval: 5s\n"
			   "    timeout: 3s\n"
			   "  - name: page\n"
			   "    http: { url: \"http://localhost:1/\" }\n"
			   "playbooks:\n"
			   "  - name: restart\n"
			   "    matchers: ['alertname=\"Down\"']\n"
			   "    params:\n"
			   "      service: { from: labels.service, pattern: \"argus|hermes\" }\n"
			   "      path: { from: labels.path, pattern: \"[a-z/.=@+-]+\" }\n"
			   "    steps:\n"
			   "      - name: one\n"
			   "        run: [docker, restart, \"opareta-${service}\"]\n"
			   "        env: { WHERE: \"at ${path}\", LANG: C }\n"
			   "        cwd: /srv\n"
			   "        stdin: alert\n"
			   "        timeout: 3m\n"
			   "        limits: { processes: 9 }\n"
			   "        detach: true\n"
			   "        new_privs: true\n"
			   "      - { name: pause, wait: 1s }\n"
			   "      - { name: text, script: 'echo \"$PARAM_SERVICE\"' }\n"
			   "    verify:\n"
			   "      - { check: disk, within: 10s }\n"
			   "      - { check: page, within: 10s }\n"
			   "  - name: asks\n"
			   "    matchers: ['alertname=\"Full\"']\n"
			   "    params:\n"
			   "      service: { from: labels.service, pattern: \"argus|hermes\" }\n"
			   "      path: { from: labels.path, pattern: \"[a-z/]+\" }\n"
			   "    steps:\n"
			   "      - { name: before, run: [before] }\n"
			   "      - name: may it\n"
			   "        approve: {}\n"
			   "        when: ['path=\"a/b\"']\n"
			   "      - { name: behind, run: [behind, \"${service}\"] }\n"
			   "      - name: may it now\n"
			   "        approve: {}\n"
			   "        when: ['\"steps.before\"=\"failed\"']\n"
			   "      - { name: last, run: [last] }\n"
			   "    verify:\n"
			   "      - { check: disk }\n";

static struct config *must_parse(const char *yaml)
{
	struct config_file file = { "test.yml", yaml, (uint32_t)strlen(yaml) };
	struct config_files files = { .items = &file, .len = 1 };
	struct buf report = { 0 };
	struct err err;
	struct config *config = load_config(&files, &report, &err);

	if (!config) {
		test_abort(__FILE__, __LINE__, "%s%s", buf_text(&report), err.msg);
	}
	buf_clear(&report);
	return config;
}

static struct label values[] = { { "service", "argus" }, { "path", "a/b" } };

/* A START that is allowed; each test breaks one thing. */
static struct msg_start good_start(const struct config_versions *versions)
{
	struct msg_start start = { .id = { .run = 9, .step = 0, .attempt = 1 },
		.playbook = "restart",
		.params = { values, 2 },
		.incident = 4,
		.trigger = "alert",
		.alertname = "Down",
		.status = "firing" };

	memcpy(start.config_hash, versions->items[0]->hash, DIGEST_SIZE);
	return start;
}

static void ck_refused(const struct config_versions *versions, const struct msg_start *start,
		enum err_code code, const char *part)
{
	struct permit permit;
	struct err err = { ERR_NONE, "" };

	ck_int(permit_start(versions, start, &permit, &err), -1);
	ck_int(err.code, code);
	ck_has(err.msg, part);
	permit_clear(&permit);
}

static char *joined(const struct strv *strv)
{
	struct buf all = { 0 };

	for (size_t i = 0; i < strv->len; i++) {
		buf_addf(&all, "%s|", strv->items[i]);
	}
	return buf_detach(&all);
}

static void ck_strv(const struct strv *strv, const char *want)
{
	char *got = joined(strv);

	ck_str(got, want);
	free(got);
}

TEST(allowed_start_gets_the_configured_argv_and_environment)
{
	struct config_versions versions = { { must_parse(text) } };
	struct msg_start start = good_start(&versions);
	struct permit permit;
	struct err err;

	setenv("LEAK", "1", 1);
	must_ok(permit_start(&versions, &start, &permit, &err), err);
	ck_strv(&permit.argv, "docker|restart|opareta-argus|");
	ck_strv(&permit.env, "PARAM_SERVICE=argus|PARAM_PATH=a/b|PLAYBOOKD_INCIDENT_ID=4|"
			     "PLAYBOOKD_RUN_ID=9|PLAYBOOKD_PLAYBOOK=restart|PLAYBOOKD_STEP=one|"
			     "PLAYBOOKD_ATTEMPT=1|PLAYBOOKD_TRIGGER=alert|PLAYBOOKD_ALERTNAME=Down|"
			     "PLAYBOOKD_STATUS=firing|LANG=C|WHERE=at a/b|"
			     "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin|");
	ck_str(permit.cwd, "/srv");
	ck_int(permit.timeout_ms, 180000);
	ck(permit.stdin_alert && permit.detach && permit.new_privs);
	ck_int(permit.limits.processes, 9);
	ck_int(permit.limits.memory, 0);
	permit_clear(&permit);
	config_versions_clear(&versions);
}

TEST(run_without_an_incident_has_no_incident_id)
{
	struct config_versions versions = { { must_parse(text) } };
	struct msg_start start = good_start(&versions);
	struct permit permit;
	struct err err;

	start.incident = 0;
	start.trigger = "manual";
	start.alertname = "";
	start.status = "";
	must_ok(permit_start(&versions, &start, &permit, &err), err);
	for (size_t i = 0; i < permit.env.len; i++) {
		ck(!strstr(permit.env.items[i], "INCIDENT"));
	}
	permit_clear(&permit);
	config_versions_clear(&versions);
}

TEST(script_is_fixed_text_for_a_shell)
{
	struct config_versions versions = { { must_parse(text) } };
	struct msg_start start = good_start(&versions);
	struct permit permit;
	struct err err;

	start.id.step = 2;
	must_ok(permit_start(&versions, &start, &permit, &err), err);
	ck_str(permit.argv.items[0], "/bin/sh");
	ck_str(permit.argv.items[3], "echo \"$PARAM_SERVICE\"");
	ck(!permit.detach && !permit.new_privs);
	permit_clear(&permit);
	config_versions_clear(&versions);
}

TEST(command_check_is_executed_with_its_own_timeout)
{
	struct config_versions versions = { { must_parse(text) } };
	struct msg_start start = good_start(&versions);
	struct permit permit;
	struct err err;

	start.id.step = 3;
	must_ok(permit_start(&versions, &start, &permit, &err), err);
	ck_strv(&permit.argv, "/bin/df|-h|/|");
	ck_int(permit.timeout_ms, 7000);
	permit_clear(&permit);
	config_versions_clear(&versions);
}

TEST(steps_that_are_not_executed_are_refused)
{
	struct config_versions versions = { { must_parse(text) } };
	struct msg_start start = good_start(&versions);

	start.id.step = 1;
	ck_refused(&versions, &start, ERR_INPUT, "not a kind of step that is executed");
	start.id.step = 4;
	ck_refused(&versions, &start, ERR_INPUT, "no check 'page' that is a command");
	start.id.step = 5;
	ck_refused(&versions, &start, ERR_INPUT, "has no step 5");
	start.id.step = UINT32_MAX;
	ck_refused(&versions, &start, ERR_INPUT, "has no step 4294967295");
	config_versions_clear(&versions);
}

TEST(unknown_names_are_refused)
{
	struct config_versions versions = { { must_parse(text) } };
	struct msg_start start = good_start(&versions);

	start.playbook = "restart-all";
	ck_refused(&versions, &start, ERR_INPUT, "no playbook of that name");
	start = good_start(&versions);
	start.config_hash[31] ^= 1;
	ck_refused(&versions, &start, ERR_NOT_FOUND, "does not know this configuration");
	config_versions_clear(&versions);
}

TEST(values_that_do_not_pass_the_pattern_are_refused)
{
	static const char *const bad[] = { "", "zeus", "argus\n", "argus hermes", "-f", "argus;id",
		"argusx" };
	static const char *const bad_paths[] = { "-a", "@a", "+a", "=a", "a/../b", "A" };
	struct config_versions versions = { { must_parse(text) } };
	struct msg_start start = good_start(&versions);
	struct label items[2] = { values[0], values[1] };

	start.params.items = items;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		items[0].value = bad[i];
		ck_refused(&versions, &start, ERR_INPUT, "service");
	}
	items[0] = values[0];
	for (size_t i = 0; i < sizeof(bad_paths) / sizeof(*bad_paths); i++) {
		items[1].value = bad_paths[i];
		ck_refused(&versions, &start, ERR_INPUT, "path");
	}
	config_versions_clear(&versions);
}

TEST(params_are_exactly_the_declared_ones)
{
	struct config_versions versions = { { must_parse(text) } };
	struct msg_start start = good_start(&versions);
	struct label swapped[] = { values[1], values[0] };
	struct label more[] = { values[0], values[1], { "z", "1" } };

	start.params = (struct labels){ values, 1 };
	ck_refused(&versions, &start, ERR_INPUT, "restart");
	start.params = (struct labels){ swapped, 2 };
	ck_refused(&versions, &start, ERR_INPUT, "restart");
	start.params = (struct labels){ more, 3 };
	ck_refused(&versions, &start, ERR_INPUT, "restart");
	config_versions_clear(&versions);
}

TEST(words_of_the_core_are_bounded)
{
	struct config_versions versions = { { must_parse(text) } };
	struct msg_start start = good_start(&versions);
	char *name = malloc(ALERT_NAME_MAX + 2);

	must(name != NULL);
	memset(name, 'x', ALERT_NAME_MAX + 1);
	name[ALERT_NAME_MAX + 1] = '\0';
	start.alertname = name;
	ck_refused(&versions, &start, ERR_INPUT, "alertname");
	start.alertname = "\xff";
	ck_refused(&versions, &start, ERR_INPUT, "alertname");
	start = good_start(&versions);
	start.trigger = "root";
	ck_refused(&versions, &start, ERR_INPUT, "trigger");
	start = good_start(&versions);
	start.status = "FIRING";
	ck_refused(&versions, &start, ERR_INPUT, "status");
	start = good_start(&versions);
	start.id.attempt = 0;
	ck_refused(&versions, &start, ERR_INPUT, "attempt 0");
	start = good_start(&versions);
	start.id.run = UINT64_MAX;
	ck_refused(&versions, &start, ERR_INPUT, "run");
	start = good_start(&versions);
	start.alert = (struct bytes){ (const unsigned char *)"", START_ALERT_MAX + 1 };
	ck_refused(&versions, &start, ERR_INPUT, "alert is longer");
	free(name);
	config_versions_clear(&versions);
}

TEST(runs_may_use_the_last_configurations_only)
{
	struct config_versions versions = { 0 };
	struct msg_start start;
	struct permit permit;
	struct err err;

	config_versions_push_take(&versions, must_parse(text));
	start = good_start(&versions);
	for (int i = 1; i <= CONFIG_VERSIONS_MAX; i++) {
		must_ok(permit_start(&versions, &start, &permit, &err), err);
		permit_clear(&permit);

		char *other = NULL;

		must(asprintf(&other, "%s# %d\n", text, i) > 0);
		config_versions_push_take(&versions, must_parse(other));
		free(other);
	}
	ck_refused(&versions, &start, ERR_NOT_FOUND, "does not know");
	config_versions_clear(&versions);
}

static const uint8_t secret[DIGEST_SIZE] = "secret";
static const uint8_t another[DIGEST_SIZE] = "another";

static struct msg_start behind_start(const struct config_versions *versions, uint32_t step)
{
	struct msg_start start = good_start(versions);

	start.playbook = "asks";
	start.id.step = step;
	return start;
}

/* As the front and the core do when somebody approved the run at step. */
static void approve(const struct config_versions *versions, struct msg_start *start, uint32_t step)
{
	const struct config *config = versions->items[0];
	const struct approval_subject subject = { config_playbook(config, start->playbook),
		&start->params, config->checks, config->checks_len };
	struct approval_binding binding = {
		.run = start->id.run, .step = step, .expires_at = 12345
	};
	uint8_t digest[DIGEST_SIZE];
	struct err err;

	memset(binding.config_hash, 7, DIGEST_SIZE);
	must_ok(approval_work(&subject, binding.work, &err), err);
	approval_digest(&binding, digest);
	start->approval = (struct start_approval){ .given = 1, .step = step, .expires_at = 12345 };
	memset(start->approval.config_hash, 7, DIGEST_SIZE);
	approval_seal(secret, digest, start->approval.seal);
}

static void ck_permitted(const struct config_versions *versions, const struct msg_start *start)
{
	struct permit permit;
	struct err err;

	must_ok(permit_start(versions, start, &permit, &err), err);
	permit_clear(&permit);
}

TEST(a_step_behind_an_approve_step_wants_the_seal_of_what_it_does)
{
	struct config_versions versions = { { must_parse(text) }, secret };
	struct msg_start start = behind_start(&versions, 2);
	struct msg_start other;

	ck_refused(&versions, &start, ERR_INPUT, "'may it' was not approved");
	approve(&versions, &start, 1);
	ck_permitted(&versions, &start);
	other = start;
	other.id.run = 10;
	ck_refused(&versions, &other, ERR_INPUT,
			"the approval at 'may it' is missing, or is for other work");
	other = start;
	other.approval.expires_at++;
	ck_refused(&versions, &other, ERR_INPUT, "is for other work");
	other = start;
	other.approval.config_hash[0]++;
	ck_refused(&versions, &other, ERR_INPUT, "is for other work");
	other = start;
	other.approval.seal[31]++;
	ck_refused(&versions, &other, ERR_INPUT, "is for other work");
	other = start;
	other.approval.given = 0;
	ck_refused(&versions, &other, ERR_INPUT, "was not approved");
	versions.seal_key = another;
	ck_refused(&versions, &start, ERR_INPUT, "is for other work");
	versions.seal_key = NULL;
	ck_refused(&versions, &start, ERR_INPUT, "is for other work");
	config_versions_clear(&versions);
}

TEST(an_approval_for_other_params_or_steps_is_none)
{
	struct config_versions versions = { { must_parse(text) }, secret };
	struct label hermes[] = { { "service", "hermes" }, values[1] };
	struct msg_start start = behind_start(&versions, 2);
	struct msg_start stale;
	char *changed = strdup(text);

	must(changed != NULL && strstr(changed, "run: [behind"));
	approve(&versions, &start, 1);
	stale = start;
	start.params.items = hermes;
	ck_refused(&versions, &start, ERR_INPUT, "is for other work");
	start.params.items = values;
	ck_permitted(&versions, &start);
	strstr(changed, "run: [behind")[6] = 'B';
	config_versions_push_take(&versions, must_parse(changed));
	memcpy(stale.config_hash, versions.items[0]->hash, DIGEST_SIZE);
	ck_refused(&versions, &stale, ERR_INPUT, "is for other work");
	free(changed);
	config_versions_clear(&versions);
}

TEST(what_stands_before_or_is_left_out_or_looks_needs_no_approval)
{
	struct config_versions versions = { { must_parse(text) }, secret };
	struct label elsewhere[] = { values[0], { "path", "a/c" } };
	struct msg_start start = behind_start(&versions, 0);

	ck_permitted(&versions, &start);
	start = behind_start(&versions, 5);
	ck_permitted(&versions, &start);
	start = behind_start(&versions, 2);
	start.params.items = elsewhere;
	ck_permitted(&versions, &start);
	config_versions_clear(&versions);
}

TEST(an_approval_is_that_of_the_nearest_that_had_to_be_asked)
{
	struct config_versions versions = { { must_parse(text) }, secret };
	struct msg_start start = behind_start(&versions, 4);

	ck_refused(&versions, &start, ERR_INPUT, "'may it' was not approved");
	approve(&versions, &start, 1);
	ck_permitted(&versions, &start);
	approve(&versions, &start, 3);
	ck_permitted(&versions, &start);
	start.id.step = 2;
	ck_refused(&versions, &start, ERR_INPUT, "'may it' was not approved");
	start.id.step = 1;
	ck_refused(&versions, &start, ERR_INPUT, "not a kind of step that is executed");
	config_versions_clear(&versions);
}

TEST(background_check_is_executed_as_it_is_configured)
{
	struct config_versions versions = { { must_parse(text) } };
	struct msg_probe_command probe = { .id = 1, .check = "queue" };
	struct permit permit;
	struct err err;

	memcpy(probe.config_hash, versions.items[0]->hash, DIGEST_SIZE);
	must_ok(permit_check(&versions, &probe, &permit, &err), err);
	ck_int(permit.argv.len, 2);
	ck_str(permit.argv.items[0], "queue");
	ck_str(permit.argv.items[1], "--short");
	ck_int(permit.env.len, 3);
	ck_str(permit.env.items[0], "PLAYBOOKD_CHECK=queue");
	ck_has(permit.env.items[1], "PATH=/usr/local/sbin:");
	ck_str(permit.env.items[2], "LANG=C.UTF-8");
	ck_str(permit.cwd, "/");
	ck_int(permit.timeout_ms, 3000);
	ck_int(permit.user == NULL && !permit.new_privs && !permit.detach, true);
	permit_clear(&permit);
	config_versions_clear(&versions);
}

TEST(what_is_no_background_check_is_refused)
{
	/* Only asked for by steps, no command, not there, a playbook. */
	static const char *const names[] = { "disk", "page", "no", "", "restart" };
	struct config_versions versions = { { must_parse(text) } };
	struct msg_probe_command probe = { .id = 1, .check = "queue" };
	struct permit permit;
	struct err err;

	ck_int(permit_check(&versions, &probe, &permit, &err), -1); /* no such configuration */
	ck_int(err.code, ERR_NOT_FOUND);
	permit_clear(&permit);
	memcpy(probe.config_hash, versions.items[0]->hash, DIGEST_SIZE);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		probe.check = names[i];
		ck_int(permit_check(&versions, &probe, &permit, &err), -1);
		ck_int(err.code, ERR_INPUT);
		ck_int(permit.argv.len, 0);
		permit_clear(&permit);
	}
	config_versions_clear(&versions);
}
