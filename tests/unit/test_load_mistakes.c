/* SPDX-License-Identifier: Apache-2.0 */
#include "config/load.h"

#include <string.h>

#include "base/buf.h"
#include "config_texts.h"
#include "test.h"

TEST(mistakes_in_keys_are_told)
{
	static const struct mistake_case cases[] = {
		{ "globl: {}\n",
				"etc/main.yml:1:1: error: unknown key 'globl', did you mean 'global'?\n" },
		{ "actions: []\n",
				"etc/main.yml:1:1: error: unknown key 'actions': expected global, vars, playbook_files, template_files, time_intervals, receivers, alertmanagers, escalation, heartbeats, ignore, checks or playbooks\n" },
		{ "global: {dry_run: 1, dry_run: true}\n",
				"etc/main.yml:1:19: error: expected true or false, got \"1\"\n"
				"etc/main.yml:1:22: error: duplicate key 'dry_run', first given in line 1\n" },
		{ "- a\n", "etc/main.yml:1:1: error: expected a mapping, got a list\n" },
		{ "hello\n", "etc/main.yml:1:1: error: expected a mapping, got \"hello\"\n" },
		{ "global: [", "etc/main.yml:2:1: error: flow sequence without a closing bracket\n" },
		{ "playbooks: {}\n", "etc/main.yml:1:12: error: expected a list, got a mapping\n" },
		{ "playbooks:\n- cooldown: 5m\n",
				"etc/main.yml:2:3: error: unknown key 'cooldown': expected name, matchers, continue, params, incident, dry_run, guards, precheck, steps, verify or rescue\n"
				"etc/main.yml:2:3: error: missing key 'name': every playbook needs a name of its own\n"
				"etc/main.yml:2:3: error: missing key 'matchers': which alerts it is for\n"
				"etc/main.yml:2:3: error: missing key 'steps': the steps of the repair\n" },
	};

	CK_CASES(cases);
}

TEST(mistakes_in_values_are_told)
{
	static const struct mistake_case cases[] = {
		{ "global: {dry_run: yes}\n",
				"etc/main.yml:1:19: error: expected true or false, got \"yes\"\n" },
		{ "global: {max_concurrent_runs: 65}\n",
				"etc/main.yml:1:31: error: expected a number from 1 to 64, got \"65\"\n" },
		{ "global: {max_concurrent_runs: 99999999999999999999}\n",
				"etc/main.yml:1:31: error: expected a number from 1 to 64, got \"99999999999999999999\"\n" },
		{ "global: {max_concurrent_runs: '4'}\n",
				"etc/main.yml:1:31: error: expected a number from 1 to 64, got \"4\"\n" },
		{ "global: {max_alert_age: 5}\n",
				"etc/main.yml:1:25: error: expected a duration like 30s, 5m or 1h30m, got \"5\"\n" },
		{ "global: {max_alert_age: 2y}\n",
				"etc/main.yml:1:25: error: expected a duration from 0s to 365d, got \"2y\"\n" },
		{ "global: {reopen_within: }\n",
				"etc/main.yml:1:10: error: expected a duration like 30s, 5m or 1h30m, got nothing\n" },
		{ "global: {unmatched: drop}\n",
				"etc/main.yml:1:21: error: expected ignore or incident, got \"drop\"\n" },
		{ "vars: {1x: a, b: [c], d: '${b}'}\n",
				"etc/main.yml:1:8: error: expected a name of at most 64 letters, digits and '_', with no digit first, got \"1x\"\n"
				"etc/main.yml:1:18: error: expected a string, got a list\n"
				"etc/main.yml:1:26: error: a var is a constant: no '${…}' is replaced in it\n" },
		{ "playbook_files: a.yml\n",
				"etc/main.yml:1:17: error: expected a list, got \"a.yml\"\n" },
	};

	CK_CASES(cases);
}

TEST(mistakes_in_playbooks_are_told)
{
	static const struct mistake_case cases[] = {
		{ "playbooks:\n- name: P\n  matchers: []\n" STEPS,
				"etc/main.yml:2:9: error: expected a name of at most 64 of a-z, 0-9, '_' and '-', with a letter or digit first, got \"P\"\n"
				"etc/main.yml:3:13: error: expected a list of 1 to 64 elements, got 0\n" },
		{ PLAYBOOK "  steps: []\n",
				"etc/main.yml:4:10: error: expected a list of 1 to 100 elements, got 0\n" },
		{ PLAYBOOK STEPS "- name: p\n  matchers: ['a=b']\n" STEPS,
				"etc/main.yml:6:9: error: playbook 'p' is already defined in etc/main.yml:2\n" },
		{ PLAYBOOK STEPS "  incident: {level: L5, group_by: ['...', ''], title: [x]}\n",
				"etc/main.yml:6:21: error: expected L1, L2, L3 or L4, got \"L5\"\n"
				"etc/main.yml:6:36: error: expected the name of a label; '...' is not supported here, got \"...\"\n"
				"etc/main.yml:6:43: error: 'group_by' may not be empty\n"
				"etc/main.yml:6:55: error: expected a string, got a list\n" },
		{ PLAYBOOK STEPS "  guards: {cooldwn: 5m}\n",
				"etc/main.yml:6:12: error: unknown key 'cooldwn', did you mean 'cooldown'?\n" },
		{ PLAYBOOK STEPS "  guards: {limit: {runs: 0}}\n",
				"etc/main.yml:6:19: error: missing key 'per': the window\n"
				"etc/main.yml:6:26: error: expected a number from 1 to 10000, got \"0\"\n" },
		{ PLAYBOOK STEPS "  guards: {max_targets: {distinct: x, at_most: 1, per: 1h}}\n",
				"etc/main.yml:6:36: error: expected the name of a param of this playbook, got \"x\"\n" },
		{ PLAYBOOK STEPS "  guards: {lock: 's/${x}'}\n",
				"etc/main.yml:6:21: error: unknown name '${x}': declare it in params or in vars\n" },
		{ PLAYBOOK STEPS "  incident: {title: 'no ${nothing}'}\n",
				"etc/main.yml:6:25: error: unknown name '${nothing}': declare it in params or in vars\n" },
	};

	CK_CASES(cases);
}

TEST(a_mistake_in_a_matcher_points_into_it)
{
	struct buf report = { 0 };
	const char *text = "playbooks:\n- name: p\n  matchers: ['a=b', 'foo bar']\n" STEPS;

	config_free(parse((const char *const[]){ text, NULL }, &report));
	/* 'foo bar' stands at column 21; its fifth character cannot go on. */
	ck_has(buf_text(&report), "etc/main.yml:3:26: error: expected an operator");
	buf_clear(&report);
}

TEST(mistakes_in_params_are_told)
{
	static const struct mistake_case cases[] = {
		{ PLAYBOOK STEPS "  params: {x: {from: labels.x}}\n",
				"etc/main.yml:6:15: error: missing key 'pattern': a regular expression that the whole value must match\n" },
		{ PLAYBOOK STEPS "  params: {x: {from: label.x, pattern: a}}\n",
				"etc/main.yml:6:22: error: expected labels.NAME or annotations.NAME, got \"label.x\"\n" },
		{ PLAYBOOK STEPS "  params: {x: {pattern: a}}\n",
				"etc/main.yml:6:15: error: missing key: one of from or value is needed\n" },
		{ PLAYBOOK STEPS "  params: {x: {from: labels.x, value: a, pattern: a}}\n",
				"etc/main.yml:6:32: error: 'from' and 'value' exclude each other\n" },
		{ PLAYBOOK STEPS "  params: {X: {value: a}}\n",
				"etc/main.yml:6:12: error: expected a name of at most 64 of a-z, 0-9 and '_', with no digit first, got \"X\"\n" },
		{ PLAYBOOK STEPS "  params: {x: {value: a, default: b}}\n",
				"etc/main.yml:6:26: error: 'value' and 'default' exclude each other\n" },
		{ PLAYBOOK STEPS "  params: {x: {from: labels.x, pattern: a, default: b}}\n",
				"etc/main.yml:6:53: error: param 'x': 'b' does not match 'a'\n" },
		{ PLAYBOOK STEPS "  params: {x: {value: a}}\nvars: {x: b}\n",
				"etc/main.yml:6:12: error: param 'x' has the name of a var\n" },
		{ PLAYBOOK STEPS "  params: {x: {from: labels.x, pattern: 'ab(c'}}\n",
				"etc/main.yml:6:46: error: missing closing parenthesis\n" },
		{ PLAYBOOK STEPS "  params: [x]\n",
				"etc/main.yml:6:11: error: expected a mapping of at most 32 names to params\n" },
	};

	CK_CASES(cases);
}

TEST(mistakes_in_approve_are_told)
{
	static const struct mistake_case cases[] = {
		{ PLAYBOOK "  steps:\n  - {name: s, approve: yes}\n  - {name: t, wait: 1s}\n",
				"etc/main.yml:5:24: error: expected a mapping, got \"yes\"\n" },
		{ PLAYBOOK "  steps:\n  - {name: s, approve: {until: 5m, within: 31d}}\n"
			   "  - {name: t, wait: 1s}\n",
				"etc/main.yml:5:25: error: unknown key 'until': expected four_eyes, message or within\n"
				"etc/main.yml:5:44: error: expected a duration from 1s to 30d, got \"31d\"\n" },
		{ PLAYBOOK "  steps:\n  - {name: s, approve: {message: 'for ${x}'}}\n"
			   "  - {name: t, wait: 1s}\n",
				"etc/main.yml:5:39: error: unknown name '${x}': declare it in params or in vars\n" },
		{ PLAYBOOK "  steps:\n  - {name: s, approve: {}, timeout: 5s, on_failure: continue}\n"
			   "  - {name: t, wait: 1s}\n",
				"etc/main.yml:5:28: error: 'timeout' means nothing for an approve step\n"
				"etc/main.yml:5:41: error: 'on_failure' means nothing for an approve step\n" },
		{ PLAYBOOK "  steps:\n  - {name: t, wait: 1s}\n  - {name: s, approve: {}}\n",
				"etc/main.yml:6:5: error: no step stands behind it that would wait for the approval\n" },
		{ PLAYBOOK STEPS "  rescue:\n  - {name: r, approve: {}}\n",
				"etc/main.yml:7:15: error: 'approve' may not stand in rescue\n" },
		{ PLAYBOOK STEPS "  verify:\n  - {name: r, approve: {}}\n",
				"etc/main.yml:7:15: error: 'approve' may not stand in verify\n" },
		{ PLAYBOOK STEPS "  precheck: {approve: {}}\n",
				"etc/main.yml:6:14: error: 'approve' may not stand in precheck\n" },
	};

	CK_CASES(cases);
}

TEST(mistakes_in_steps_are_told)
{
	static const struct mistake_case cases[] = {
		{ PLAYBOOK "  steps:\n  - name: s\n",
				"etc/main.yml:5:5: error: missing key: one of run, script, check, wait, approve or notify is needed\n" },
		{ PLAYBOOK "  steps:\n  - {name: s, run: [df], wait: 5s}\n",
				"etc/main.yml:5:26: error: 'run' and 'wait' exclude each other\n" },
		{ PLAYBOOK "  steps:\n  - {run: df}\n",
				"etc/main.yml:5:5: error: missing key 'name': what the step does\n"
				"etc/main.yml:5:11: error: expected a list, got \"df\"\n" },
		{ PLAYBOOK "  steps:\n  - {name: s, run: []}\n  - {name: t, run: [a, [b], ~]}\n",
				"etc/main.yml:5:20: error: expected a list of 1 to 256 elements, got 0\n"
				"etc/main.yml:6:24: error: expected a string, got a list\n"
				"etc/main.yml:6:29: error: expected a string, got nothing\n" },
		{ PLAYBOOK "  steps:\n  - {name: s, run: ['']}\n",
				"etc/main.yml:5:21: error: the program's name may not be empty\n" },
		{ PLAYBOOK STEPS "  - {name: s, run: [df]}\n",
				"etc/main.yml:6:12: error: steps has a step 's' already\n" },
		{ PLAYBOOK "  steps:\n  - {name: s, wait: 5s, timeout: 5s, every: 5s}\n",
				"etc/main.yml:5:25: error: 'timeout' means nothing for a wait step\n"
				"etc/main.yml:5:38: error: 'every' means nothing for a wait step\n" },
		{ PLAYBOOK "  steps:\n  - {name: s, run: [df], cwd: tmp, user: 'a b', retry: {attempts: 0}}\n",
				"etc/main.yml:5:31: error: expected an absolute path, like /var/tmp, got \"tmp\"\n"
				"etc/main.yml:5:42: error: expected the name of a user, got \"a b\"\n"
				"etc/main.yml:5:67: error: expected a number from 1 to 100, got \"0\"\n" },
		{ PLAYBOOK "  steps:\n  - {name: s, check: nginx}\n",
				"etc/main.yml:5:22: error: there is no check 'nginx'\n" },
		{ PLAYBOOK "  steps:\n  - {name: 'a ${b}', run: [df]}\n",
				"etc/main.yml:5:12: error: a step's name is fixed: no '${…}' is replaced in it\n" },
		{ PLAYBOOK STEPS "  verify: [{wait: 5s}]\n"
				 "  rescue: [{name: r, run: [df], on_failure: stop}]\n",
				"etc/main.yml:6:13: error: 'wait' may not stand in verify\n"
				"etc/main.yml:7:33: error: 'on_failure' may not stand in rescue\n" },
	};

	CK_CASES(cases);
}

TEST(what_may_not_happen_twice_is_not_tried_twice)
{
	static const struct mistake_case cases[] = {
		{ PLAYBOOK "  steps:\n"
			   "  - {name: s, run: [df], retry: {attempts: 2}}\n"
			   "  - {name: t, run: [df], on_interrupt: retry, idempotent: false}\n"
			   "  - {name: u, run: [df], retry: {attempts: 1, backoff: 11}}\n"
			   "  - {name: v, run: [df], on_interrupt: ignore}\n",
				"etc/main.yml:5:26: error: only a step that may run twice is tried again: say idempotent: true when running it twice is as good as running it once\n"
				"etc/main.yml:6:40: error: only a step that may run twice is started again: say idempotent: true when running it twice is as good as running it once\n"
				"etc/main.yml:7:56: error: expected a number from 1 to 10, got \"11\"\n"
				"etc/main.yml:8:40: error: expected escalate, fail, retry or verify, got \"ignore\"\n" },
		{ PLAYBOOK "  steps:\n"
			   "  - {name: s, run: [df], on_interrupt: verify}\n"
			   "  verify: []\n",
				"etc/main.yml:5:40: error: the playbook has no verify that could say how it went\n" },
		{ PLAYBOOK STEPS "  verify: [{run: [df], on_interrupt: verify}]\n"
				 "  rescue: [{name: r, run: [df], on_interrupt: fail}]\n",
				"etc/main.yml:6:38: error: 'verify' may not stand in verify\n"
				"etc/main.yml:7:33: error: 'on_interrupt' may not stand in rescue\n" },
	};

	CK_CASES(cases);
}

TEST(mistakes_in_when_are_told)
{
	static const struct mistake_case cases[] = {
		{ PLAYBOOK "  params: {service: {value: a}}\n"
			   "  steps:\n"
			   "  - {name: s, run: [df], when: ['servce=a']}\n"
			   "  - {name: t, run: [df], when: ['steps.s=failed', 'steps.t=failed']}\n"
			   "  - {name: u, run: [df], when: []}\n"
			   "  - {name: v, run: [df], when: ['a b']}\n"
			   "  verify: [{run: [df], when: ['service=a']}]\n",
				"etc/main.yml:6:32: error: 'servce' is neither a param nor an earlier step, like \"steps.NAME\"\n"
				"etc/main.yml:7:32: error: 'steps.t' is neither a param nor an earlier step, like \"steps.NAME\"\n"
				"etc/main.yml:8:32: error: expected a list of 1 to 64 elements, got 0\n"
				"etc/main.yml:9:36: error: expected an operator (=, !=, =~ or !~)\n"
				"etc/main.yml:10:24: error: 'when' may not stand in verify\n" },
	};

	CK_CASES(cases);
}

TEST(mistakes_in_limits_are_told)
{
	static const struct mistake_case cases[] = {
		{ PLAYBOOK "  steps:\n"
			   "  - {name: s, run: [df], limits: {memory: 512, cpu: 1ms}}\n"
			   "  - {name: t, run: [df], limits: {memory: 1KiB, processes: 0}}\n"
			   "  - {name: u, run: [df], limits: {file_size: -1B, open_files: 3}}\n"
			   "  - {name: v, run: [df], limits: {memory: 99999999GiB, pids: 1}}\n"
			   "  - {name: w, wait: 5s, limits: {}, detach: true, new_privs: true}\n"
			   "  verify: [{run: [df], detach: true}]\n",
				"etc/main.yml:5:43: error: expected a size like 64KiB, 512MiB or 1GiB, got \"512\"\n"
				"etc/main.yml:5:53: error: expected a duration from 1s to 1d, got \"1ms\"\n"
				"etc/main.yml:6:43: error: expected a size from 1048576B to 1048576GiB, got \"1KiB\"\n"
				"etc/main.yml:6:60: error: expected a number from 1 to 4194304, got \"0\"\n"
				"etc/main.yml:7:46: error: expected a size like 64KiB, 512MiB or 1GiB, got \"-1B\"\n"
				"etc/main.yml:7:63: error: expected a number from 16 to 1048576, got \"3\"\n"
				"etc/main.yml:8:43: error: expected a size like 64KiB, 512MiB or 1GiB, got \"99999999GiB\"\n"
				"etc/main.yml:8:56: error: unknown key 'pids': expected cpu, file_size, memory, open_files or processes\n"
				"etc/main.yml:9:25: error: 'limits' means nothing for a wait step\n"
				"etc/main.yml:9:37: error: 'detach' means nothing for a wait step\n"
				"etc/main.yml:9:51: error: 'new_privs' means nothing for a wait step\n"
				"etc/main.yml:10:24: error: 'detach' may not stand in verify\n" },
	};

	CK_CASES(cases);
}

TEST(mistakes_in_a_precheck_are_told)
{
	static const struct mistake_case cases[] = {
		{ PLAYBOOK STEPS "  precheck: [{run: [df]}]\n",
				"etc/main.yml:6:13: error: expected a mapping, got a list\n" },
		{ PLAYBOOK STEPS
				"  precheck: {check: c, on_interrupt: fail}\nchecks: [{name: c, tcp: 'h:1'}]\n",
				"etc/main.yml:6:14: error: 'check' may not stand in precheck\n"
				"etc/main.yml:6:24: error: 'on_interrupt' means nothing for a check step\n" },
		{ PLAYBOOK STEPS "  precheck: {wait: 5s}\n",
				"etc/main.yml:6:14: error: 'wait' may not stand in precheck\n" },
		{ PLAYBOOK STEPS
				"  precheck: {run: [df], retry: {attempts: 2}, on_failure: continue}\n",
				"etc/main.yml:6:25: error: 'retry' may not stand in precheck\n"
				"etc/main.yml:6:47: error: 'on_failure' may not stand in precheck\n" },
	};

	CK_CASES(cases);
}

TEST(names_must_be_declared)
{
	static const struct mistake_case cases[] = {
		{ PLAYBOOK "  params: {service: {value: a}}\n"
			   "  steps:\n"
			   "  - {name: s, run: [df, 'x${servce}', '${other}']}\n",
				"etc/main.yml:6:27: error: unknown name '${servce}', did you mean '${service}'?\n"
				"etc/main.yml:6:40: error: unknown name '${other}': declare it in params or in vars\n" },
		{ PLAYBOOK "  params: {service: {value: a}}\n"
			   "  steps:\n"
			   "  - {name: s, run: ['/bin/${service}'], cwd: '/${service}'}\n",
				"etc/main.yml:6:27: error: no param may stand in the program's name\n"
				"etc/main.yml:6:48: error: a param like '${service}' may not stand here\n" },
		{ PLAYBOOK "  steps:\n  - {name: s, run: [df, '${x', '${labels.y}']}\n",
				"etc/main.yml:5:25: error: '${' without '}'\n"
				"etc/main.yml:5:33: error: unknown name '${labels.y}': declare it in params or in vars\n" },
	};

	CK_CASES(cases);
	config_free(must_parse("vars: {dir: /bin}\n" PLAYBOOK
			       "  steps:\n  - {name: s, run: ['${dir}/df']}\n"));
}

TEST(a_script_sees_params_in_its_environment_only)
{
	static const struct mistake_case cases[] = {
		{ "vars: {file: /x}\n" PLAYBOOK "  params: {service: {value: a}}\n"
		  "  steps:\n"
		  "  - name: s\n"
		  "    script: |\n"
		  "      echo ${HOME}\n"
		  "      echo ${service} ${file:-x}\n",
				"etc/main.yml:10:12: error: a script sees params as environment variables only: write \"$PARAM_SERVICE\"\n"
				"etc/main.yml:10:23: error: a script does not see vars: pass 'file' on with env\n" },
	};

	CK_CASES(cases);
	config_free(must_parse("vars: {file: /x}\n" PLAYBOOK "  steps:\n"
			       "  - {name: s, script: 'cat ${file}', env: {file: '${file}'}}\n"));
}

TEST(some_environment_variables_may_not_be_set)
{
	static const char *const refused[] = { "LD_PRELOAD", "IFS", "BASH_ENV", "ENV", "PARAM_X",
		"PLAYBOOKD_STEP", "a-b", "1a", "" };

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct buf text = { 0 };
		struct buf report = { 0 };

		buf_addf(&text, "%s  steps:\n  - {name: s, run: [df], env: {'%s': x}}\n", PLAYBOOK,
				refused[i]);
		config_free(parse((const char *const[]){ buf_text(&text), NULL }, &report));
		ck_has(buf_text(&report), "etc/main.yml:5:32: error: expected ");
		buf_clear(&text);
		buf_clear(&report);
	}
	config_free(must_parse(PLAYBOOK
			"  steps:\n  - {name: s, run: [df], env: {HOME: /, LANG: C, PATH: /bin, http_proxy: x}}\n"));
}

TEST(mistakes_in_checks_are_told)
{
	static const struct mistake_case cases[] = {
		{ "checks:\n- {name: a}\n- {http: {url: 'http://h'}}\n",
				"etc/main.yml:2:3: error: missing key: one of http, tcp or command is needed\n"
				"etc/main.yml:3:3: error: missing key 'name': every check needs a name of its own\n" },
		{ "checks:\n- {name: a, http: {status: 200, body: xml}}\n",
				"etc/main.yml:2:19: error: missing key 'url': the URL to get\n"
				"etc/main.yml:2:39: error: expected any or json, got \"xml\"\n" },
		{ "checks:\n- {name: a, tcp: localhost}\n- {name: a, tcp: 'h:0'}\n",
				"etc/main.yml:2:18: error: expected an address HOST:PORT, like localhost:5432 or [::1]:5432, got \"localhost\"\n"
				"etc/main.yml:3:10: error: check 'a' is already defined in etc/main.yml:2\n"
				"etc/main.yml:3:18: error: expected an address HOST:PORT, like localhost:5432 or [::1]:5432, got \"h:0\"\n" },
		{ "checks:\n- {name: a, http: {url: 'ftp://h'}}\n- {name: b, command: [x, '${y}']}\n",
				"etc/main.yml:2:25: error: expected a URL like http://localhost:8080/health, got \"ftp://h\"\n"
				"etc/main.yml:3:27: error: unknown name '${y}': declare it in vars\n" },
	};

	CK_CASES(cases);
}

TEST(mistakes_of_all_files_are_told_in_one_pass)
{
	static const char *const texts[] = {
		"vars: {port: '1'}\nglobal: {x: 1}\nchecks: [{name: c, tcp: 'h:1'}]\n",
		"global: {}\n" PLAYBOOK "  steps: [{name: s, check: c}, {name: t, check: d}]\n",
		PLAYBOOK
		"  steps: [{name: s, run: ['${port}', '${prt}']}]\nchecks: [{name: d, tcp: 'h:${port}'}]\nplaybooks: [",
		NULL,
	};

	ck_report(texts,
			"etc/main.yml:2:10: error: unknown key 'x': expected dry_run, group_by, max_alert_age, max_concurrent_runs, max_replay_age, max_starts_per_hour, reopen_within, stale_after or unmatched\n"
			"etc/sub/one.yml:1:1: error: unknown key 'global': expected checks or playbooks\n"
			"etc/sub/one.yml:5:49: error: there is no check 'd'\n"
			"etc/sub/two.yml:7:1: error: flow sequence without a closing bracket\n");
}
