/* SPDX-License-Identifier: Apache-2.0 */
#include "config/load.h"

#include <string.h>

#include "config_texts.h"
#include "test.h"

static const char example[] =
		"global:\n"
		"  dry_run: true\n"
		"  max_concurrent_runs: 8\n"
		"  max_alert_age: 1h\n"
		"  unmatched: ignore\n"
		"  reopen_within: 5m\n"
		"vars:\n"
		"  compose_file: /opt/a$b.yml\n"
		"  port: 3001\n"
		"playbook_files: [sub/*.yml]\n"
		"playbooks:\n"
		"  - name: restart-all-instances\n"
		"    matchers: ['alertname=\"ServiceCompletelyDown\"', 'service=~\"argus|hermes\"']\n"
		"    continue: true\n"
		"    incident: { title: \"${service} is down on ${labels.instance}\",\n"
		"                group_by: [alertname, service], level: L2 }\n"
		"    steps:\n"
		"      - name: database accepts connections\n"
		"        run: [docker, exec, \"opareta-postgres-${service}\", pg_isready, 5]\n"
		"        timeout: 10s\n"
		"        on_failure: continue\n"
		"      - name: restart every instance\n"
		"        run: [docker, -f, \"${compose_file}\", \"${service}-1\", \"$$x\", \"\"]\n"
		"        timeout: 2m\n"
		"        retry: { attempts: 2, delay: 10s, backoff: 3 }\n"
		"        idempotent: true\n"
		"        on_interrupt: retry\n"
		"        when: ['service=\"argus\"', '\"steps.database accepts connections\"=~\"failed|timed_out\"']\n"
		"        env: { PATH: /usr/bin, B: \"${service}\", FILE: \"${compose_file}\" }\n"
		"        user: deploy\n"
		"        cwd: /opt\n"
		"        stdin: alert\n"
		"        detach: true\n"
		"        new_privs: true\n"
		"        limits: { memory: 512MiB, processes: 64, file_size: 1GiB, cpu: 1m,\n"
		"                  open_files: 2048 }\n"
		"      - { name: let it start, wait: 5s }\n"
		"    verify:\n"
		"      - { check: \"${service}-1\", within: 60s, every: 3s, settle: 5s }\n"
		"      - { check: nginx, name: the proxy answers }\n"
		"      - { run: [/bin/true] }\n"
		"    rescue:\n"
		"      - { name: disks, run: [df, -h] }\n"
		"      - name: logs\n"
		"        script: |\n"
		"          echo \"$PARAM_SERVICE ${HOME}\"\n"
		"    params:\n"
		"      service: { from: labels.service, pattern: \"argus|hermes\", default: argus }\n"
		"      team: { from: annotations.team, pattern: \"[a-z]+\" }\n"
		"      region: { value: \"eu.1\" }\n"
		"    guards: { cooldown: 10m }\n"
		"checks:\n"
		"  - name: argus-1\n"
		"    http: { url: \"http://localhost:${port}/api/health\", status: 204, body: json,\n"
		"            contains: ok }\n"
		"    timeout: 3s\n"
		"  - { name: nginx, http: { url: \"https://localhost/health\" } }\n"
		"  - { name: db, tcp: \"localhost:5432\" }\n"
		"  - { name: db6, tcp: { address: \"[::1]:5432\" } }\n"
		"  - { name: queue, command: [redis-cli, ping, \"$$\"] }\n";

TEST(the_global_section_is_read)
{
	struct config *config = must_parse(example);

	ck(config->dry_run);
	ck_int(config->max_concurrent_runs, 8);
	ck_int(config->max_alert_age_ms, 3600000);
	ck(!config->unmatched_incident);
	ck_int(config->reopen_within_ms, 300000);
	config_free(config);
}

TEST(an_empty_file_is_a_configuration_with_the_defaults)
{
	struct config *config = must_parse("# nothing\n");

	ck(!config->dry_run);
	ck_int(config->max_concurrent_runs, 4);
	ck_int(config->max_alert_age_ms, 0);
	ck_int(config->max_replay_age_ms, INT64_C(7) * 24 * 3600000);
	ck(config->unmatched_incident);
	ck_int(config->reopen_within_ms, 600000);
	ck_int(config->playbooks_len, 0);
	ck_int(config->checks_len, 0);
	config_free(config);
	config_free(must_parse("playbooks:\nchecks:\nvars:\nglobal:\nplaybook_files:\n"));
}

TEST(a_playbook_is_read_with_every_field)
{
	struct config *config = must_parse(example);
	const struct playbook *p = config_playbook(config, "restart-all-instances");

	must(p && config->playbooks_len == 1);
	ck_int(p->matchers_len, 2);
	ck_str(p->matchers[0].name, "alertname");
	ck_str(p->matchers[0].value, "ServiceCompletelyDown");
	ck_int(p->matchers[1].op, MATCHER_REGEX);
	ck(p->matchers[1].regex != NULL);
	ck(p->continue_matching);
	ck_str(p->title, "${service} is down on ${labels.instance}");
	ck_str(p->group_by[0], "alertname");
	ck_str(p->group_by[1], "service");
	ck(p->group_by[2] == NULL);
	ck_str(p->level, "L2");
	ck_int(p->guards.cooldown_ms, 600000);
	ck_int(p->steps_len, 8);
	ck_int(playbook_phase_begin(p, PHASE_VERIFY), 3);
	ck_int(playbook_phase_begin(p, PHASE_RESCUE), 6);
	ck(config_playbook(config, "restart") == NULL);
	config_free(config);
}

TEST(guards_are_read)
{
	struct config *config = must_parse(
			"global: { max_starts_per_hour: 60 }\n"
			"playbooks:\n"
			"- name: p\n"
			"  matchers: ['a=b']\n"
			"  dry_run: true\n"
			"  params: { service: { from: labels.service, pattern: '[a-z]+' } }\n"
			"  guards:\n"
			"    limit: { runs: 3, per: 1h }\n"
			"    breaker: { failures: 4, open_for: 2h }\n"
			"    lock: service/${service}\n"
			"    max_targets: { distinct: service, at_most: 5, per: 10m }\n"
			"    max_concurrent: 6\n"
			"  steps: [{ name: n, run: [x] }]\n");
	const struct playbook *p = &config->playbooks[0];

	ck_int(config->max_starts_per_hour, 60);
	ck(p->dry_run);
	ck_int(p->guards.cooldown_ms, 0);
	ck_int(p->guards.limit_runs, 3);
	ck_int(p->guards.limit_per_ms, 3600000);
	ck_int(p->guards.breaker_failures, 4);
	ck_int(p->guards.breaker_open_ms, 7200000);
	ck_str(p->guards.lock, "service/${service}");
	ck_str(p->guards.distinct, "service");
	ck_int(p->guards.targets_at_most, 5);
	ck_int(p->guards.targets_per_ms, 600000);
	ck_int(p->guards.max_concurrent, 6);
	config_free(config);
}

TEST(params_are_read)
{
	struct config *config = must_parse(example);
	const struct param *params = config->playbooks[0].params;
	struct err err;

	ck_int(config->playbooks[0].params_len, 3);
	ck_str(params[0].name, "service");
	ck_int(params[0].source, PARAM_LABEL);
	ck_str(params[0].key, "service");
	ck_str(params[0].pattern, "argus|hermes");
	ck_str(params[0].fallback, "argus");
	ck(params[0].regex != NULL);
	ck_int(params[1].source, PARAM_ANNOTATION);
	ck_str(params[1].key, "team");
	ck(params[1].fallback == NULL);
	ck_int(params[2].source, PARAM_CONSTANT);
	ck_str(params[2].fallback, "eu.1");
	/* A constant's pattern matches itself and nothing else. */
	ck_int(param_check(&params[2], "eu.1", &err), 0);
	ck_int(param_check(&params[2], "eu-1", &err), -1);
	config_free(config);
}

TEST(steps_are_read_with_every_field)
{
	struct config *config = must_parse(example);
	const struct step *steps = config->playbooks[0].steps;

	ck_int(steps[0].kind, STEP_RUN);
	ck_str(steps[0].name, "database accepts connections");
	ck_str(steps[0].argv[2], "opareta-postgres-${service}");
	ck_str(steps[0].argv[4], "5");
	ck(steps[0].argv[5] == NULL);
	ck_int(steps[0].timeout_ms, 10000);
	ck_int(steps[0].on_failure, ON_FAILURE_CONTINUE);
	ck_int(steps[0].attempts, 1);
	ck_int(steps[0].backoff, 1);
	ck(!steps[0].idempotent && steps[0].when_len == 0);
	ck(!steps[0].detach && !steps[0].new_privs);
	ck_int(steps[0].limits.memory, 0);
	ck_int(steps[0].limits.processes, 0);
	ck_int(steps[0].on_interrupt, ON_INTERRUPT_ESCALATE);
	ck_str(steps[0].cwd, "/");
	ck(steps[0].user == NULL && !steps[0].stdin_alert);
	/* A var is put in, with its "$" safe from the next pass; a param stays, and so does "$$".
	 */
	ck_str(steps[1].argv[2], "/opt/a$$b.yml");
	ck_str(steps[1].argv[3], "${service}-1");
	ck_str(steps[1].argv[4], "$$x");
	ck_str(steps[1].argv[5], "");
	ck_int(steps[1].timeout_ms, 120000);
	ck_int(steps[1].on_failure, ON_FAILURE_STOP);
	ck_int(steps[1].attempts, 2);
	ck_int(steps[1].delay_ms, 10000);
	ck_int(steps[1].backoff, 3);
	ck(steps[1].idempotent);
	ck_int(steps[1].on_interrupt, ON_INTERRUPT_RETRY);
	ck_int(steps[1].when_len, 2);
	ck_str(steps[1].when[0].name, "service");
	ck_str(steps[1].when[1].name, "steps.database accepts connections");
	ck_int(steps[1].when[1].op, MATCHER_REGEX);
	ck_int(steps[1].env.len, 3);
	ck_str(labels_get(&steps[1].env, "B"), "${service}");
	ck_str(labels_get(&steps[1].env, "FILE"), "/opt/a$$b.yml");
	ck_str(labels_get(&steps[1].env, "PATH"), "/usr/bin");
	ck_str(steps[1].user, "deploy");
	ck_str(steps[1].cwd, "/opt");
	ck(steps[1].stdin_alert);
	ck(steps[1].detach && steps[1].new_privs);
	ck_int(steps[1].limits.memory, 512 << 20);
	ck_int(steps[1].limits.processes, 64);
	ck_int(steps[1].limits.file_size, 1 << 30);
	ck_int(steps[1].limits.cpu_ms, 60000);
	ck_int(steps[1].limits.open_files, 2048);
	ck_int(steps[2].kind, STEP_WAIT);
	ck_int(steps[2].wait_ms, 5000);
	config_free(config);
}

TEST(an_approve_step_is_read)
{
	struct config *config = must_parse(PLAYBOOK
			"  steps:\n"
			"  - {name: s, approve: {}}\n"
			"  - {name: t, approve: {within: 2h, four_eyes: true, message: 'a b'}}\n"
			"  - {name: u, wait: 1s}\n");
	const struct step *steps = config->playbooks[0].steps;

	ck_int(steps[0].kind, STEP_APPROVE);
	ck_int(steps[0].within_ms, 30 * 60000);
	ck(!steps[0].four_eyes && !steps[0].message);
	ck_int(steps[1].within_ms, 2 * 3600000);
	ck(steps[1].four_eyes);
	ck_str(steps[1].message, "a b");
	config_free(config);
}

TEST(a_precheck_is_the_first_step)
{
	struct config *config =
			must_parse(PLAYBOOK STEPS "  precheck: {script: exit 75, user: x}\n");
	const struct playbook *p = &config->playbooks[0];

	ck_int(p->steps_len, 2);
	ck_int(p->steps[0].phase, PHASE_PRECHECK);
	ck_str(p->steps[0].name, "precheck");
	ck_str(p->steps[0].script, "exit 75");
	ck_int(playbook_phase_begin(p, PHASE_STEPS), 1);
	config_free(config);
}

TEST(verify_and_rescue_are_read)
{
	struct config *config = must_parse(example);
	const struct step *steps = config->playbooks[0].steps;

	ck_int(steps[3].phase, PHASE_VERIFY);
	ck_int(steps[3].kind, STEP_CHECK);
	ck_str(steps[3].check, "${service}-1");
	ck_str(steps[3].name, "check ${service}-1");
	ck_int(steps[3].within_ms, 60000);
	ck_int(steps[3].every_ms, 3000);
	ck_int(steps[3].settle_ms, 5000);
	ck_str(steps[4].name, "the proxy answers");
	ck_int(steps[4].within_ms, 0);
	ck_int(steps[4].every_ms, 2000);
	ck_str(steps[5].name, "/bin/true");
	ck_int(steps[5].timeout_ms, 60000);
	ck_int(steps[6].phase, PHASE_RESCUE);
	ck_int(steps[6].on_failure, ON_FAILURE_CONTINUE);
	ck_int(steps[7].kind, STEP_SCRIPT);
	ck_str(steps[7].script, "echo \"$PARAM_SERVICE ${HOME}\"\n");
	config_free(config);
}

TEST(checks_are_read)
{
	struct config *config = must_parse(example);
	const struct check *http = config_check(config, "argus-1");

	ck_int(config->checks_len, 5);
	ck_int(http->kind, CHECK_HTTP);
	ck_str(http->url, "http://localhost:3001/api/health");
	ck_int(http->status, 204);
	ck(http->json);
	ck_str(http->contains, "ok");
	ck_int(http->timeout_ms, 3000);
	ck_int(config_check(config, "nginx")->status, 200);
	ck_int(config_check(config, "nginx")->timeout_ms, 5000);
	ck(!config_check(config, "nginx")->json);
	ck_int(config_check(config, "db")->kind, CHECK_TCP);
	ck_str(config_check(config, "db")->address, "localhost:5432");
	ck_str(config_check(config, "db6")->address, "[::1]:5432");
	ck_int(config_check(config, "queue")->kind, CHECK_COMMAND);
	ck_str(config_check(config, "queue")->argv[2], "$");
	ck(config_check(config, "none") == NULL);
	config_free(config);
}

TEST(playbooks_of_all_files_stand_in_order)
{
	static const char *const texts[] = {
		"vars: {port: '1'}\nchecks: [{name: c, tcp: 'h:1'}]\n" PLAYBOOK STEPS,
		"playbooks: [{name: a, matchers: [x=y], steps: [{name: s, check: c}, {name: t, check: d}]}]\n",
		"checks: [{name: d, tcp: 'h:${port}'}]\n",
		NULL,
	};
	struct buf report = { 0 };
	struct config *config = parse(texts, &report);

	ck_str(buf_text(&report), "");
	must(config);
	ck_int(config->playbooks_len, 2);
	ck_str(config->playbooks[0].name, "p");
	ck_str(config->playbooks[1].name, "a");
	ck_int(config->checks_len, 2);
	config_free(config);
}

static void hash_of(const char *path, const char *other_path, const char *text,
		uint8_t ret_hash[DIGEST_SIZE])
{
	struct config_file items[] = { { path, "", 0 },
		{ other_path, text, (uint32_t)strlen(text) } };
	struct config_files files = { .items = items, .len = 2 };
	struct buf report = { 0 };
	struct err err;
	struct config *config = load_config(&files, &report, &err);

	must(config);
	memcpy(ret_hash, config->hash, DIGEST_SIZE);
	config_free(config);
}

TEST(the_hash_is_of_names_and_bytes_not_of_the_folder)
{
	uint8_t a[DIGEST_SIZE];
	uint8_t b[DIGEST_SIZE];

	hash_of("/etc/m.yml", "/etc/a.yml", "# a", a);
	hash_of("here/m.yml", "here/a.yml", "# a", b);
	ck(memcmp(a, b, DIGEST_SIZE) == 0);
	hash_of("/etc/m.yml", "/etc/a.yml", "# b", b);
	ck(memcmp(a, b, DIGEST_SIZE) != 0);
	hash_of("/etc/m.yml", "/etc/b.yml", "# a", b);
	ck(memcmp(a, b, DIGEST_SIZE) != 0);
}
