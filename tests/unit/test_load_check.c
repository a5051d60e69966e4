/* SPDX-License-Identifier: Apache-2.0 */
#include "config/load_check.h"

#include <string.h>

#include "config_texts.h"
#include "test.h"

#define CHECK(keys)   "checks:\n- {name: c, " keys "}\n"
#define URL(url, ...) CHECK("http: {url: '" url "'" __VA_ARGS__ "}")
/* A playbook with a param v that uses the check c; 6 lines. */
#define USER                                              \
	"playbooks:\n"                                    \
	"- name: p\n"                                     \
	"  matchers: ['a=\"b\"']\n"                       \
	"  params: {v: {from: labels.v, pattern: 'x'}}\n" \
	"  steps: [{name: s, run: [df]}]\n"               \
	"  verify: [{check: c}]\n"

TEST(a_check_has_an_interval_and_fields)
{
	struct config *config = must_parse(
			"vars: {h: 'h:1', word: ok}\n"
			"checks:\n"
			"- name: a\n"
			"  http: {url: 'http://${h}/', json: {status: '${word}', a.b.0: true, n: 1}}\n"
			"  interval: 15s\n"
			"- {name: b, tcp: 'h:1'}\n");
	const struct check *check = config_check(config, "a");

	must(check);
	ck_int(check->interval_ms, 15000);
	ck_int(check->json, true);
	ck_int(check->fields_len, 3);
	ck_str(check->fields[0].path, "status");
	ck_str(check->fields[0].value, "ok");
	ck_str(check->fields[1].path, "a.b.0");
	ck_str(check->fields[1].value, "true");
	ck_str(check->fields[2].value, "1");
	ck_int(check->url_params, false);
	ck_str(check->url, "http://h:1/");
	ck_int(config_check(config, "b")->interval_ms, 0);
	config_free(config);
}

TEST(params_stand_in_path_and_query)
{
	struct config *config =
			must_parse("vars: {h: 'h$1'}\n" URL("http://${h}/a/${v}?b=${v}&c=$$") USER);
	const struct check *check = config_check(config, "c");

	ck_int(check->url_params, true);
	ck_str(check->url, "http://h$$1/a/${v}?b=${v}&c=$$");
	config_free(config);
	config = must_parse(URL("http://h?b=${v}") USER);
	ck_int(config_check(config, "c")->url_params, true);
	config_free(config);
	config = must_parse(URL("http://h/a$$b") USER);
	ck_str(config_check(config, "c")->url, "http://h/a$b");
	config_free(config);
}

TEST(params_stand_nowhere_else)
{
#define WRONG(column)             \
	"etc/main.yml:2:" #column \
	": error: '${v}' is no var, and a param may stand only in the path and the query of a URL\n"
	static const struct mistake_case cases[] = {
		{ URL("http://${v}/a") USER, WRONG(33) },
		{ URL("http://x${v}/a") USER, WRONG(34) },
		{ URL("http://${v}@h/a") USER, WRONG(33) },
		{ URL("http://h:${v}/a") USER, WRONG(35) },
		{ URL("http://h${v}") USER, WRONG(34) },
		{ URL("http://h${v}?a") USER, WRONG(34) },
		{ URL("http://h/a#${v}") USER, WRONG(37) },
		{ URL("${v}://h/a") USER,
				"etc/main.yml:2:25: error: expected a URL like http://localhost:8080/health, got \"${v}://h/a\"\n" },
		{ CHECK("tcp: 'h:${v}'") USER,
				"etc/main.yml:2:21: error: unknown name '${v}': declare it in vars\n" },
	};

	CK_CASES(cases);
}

TEST(whoever_uses_a_check_must_have_its_params)
{
	static const struct mistake_case cases[] = {
		{ URL("http://h/${w}") USER,
				"etc/main.yml:2:10: error: the URL names '${w}', which is neither a var nor a param of any playbook\n"
				"etc/main.yml:8:20: error: check 'c' wants a param 'w', which this playbook does not declare\n" },
		{ URL("http://h/${v}") USER "- name: q\n"
					    "  matchers: ['a=\"b\"']\n"
					    "  steps: [{name: s, check: c}]\n",
				"etc/main.yml:11:28: error: check 'c' wants a param 'v', which this playbook does not declare\n" },
		{ CHECK("http: {url: 'http://h/${v}'}, interval: 5s") USER,
				"etc/main.yml:2:43: error: a check with params in its URL has no 'interval': in the background nobody gives it values\n" },
	};

	CK_CASES(cases);
}

TEST(mistakes_in_intervals_and_fields_are_told)
{
	static const struct mistake_case cases[] = {
		{ CHECK("tcp: 'h:1', interval: 999ms"),
				"etc/main.yml:2:35: error: expected a duration from 1s to 1d, got \"999ms\"\n" },
		{ CHECK("tcp: 'h:1', interval: 0"),
				"etc/main.yml:2:35: error: expected a duration from 1s to 1d, got \"0\"\n" },
		{ URL("http://h", ", json: {}"),
				"etc/main.yml:2:43: error: expected a mapping of 1 to 32 paths to values\n" },
		{ URL("http://h", ", json: true"),
				"etc/main.yml:2:43: error: expected a mapping of 1 to 32 paths to values\n" },
		{ URL("http://h", ", json: {a..b: x, .a: y}"),
				"etc/main.yml:2:44: error: expected keys with dots between, like database.connected, got \"a..b\"\n"
				"etc/main.yml:2:53: error: expected keys with dots between, like database.connected, got \".a\"\n" },
		{ URL("http://h", ", json: {a: [b]}"),
				"etc/main.yml:2:47: error: expected a string, got a list\n" },
	};

	CK_CASES(cases);
}
