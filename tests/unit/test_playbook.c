/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/playbook.h"

#include <stdio.h>
#include <string.h>

#include "test.h"

#define LEN(a) (sizeof(a) / sizeof(*(a)))

static struct param param_of(const char *name, const char *pattern)
{
	struct err err = { 0 };
	struct param param = { .name = name, .key = name, .pattern = pattern };

	param.regex = regex_new(pattern, &err);
	if (!param.regex) {
		test_abort(__FILE__, __LINE__, "%s", err.msg);
	}
	return param;
}

TEST(phases_are_found_where_they_stand)
{
	struct step steps[] = {
		{ .phase = PHASE_STEPS },
		{ .phase = PHASE_STEPS },
		{ .phase = PHASE_RESCUE },
	};
	struct playbook playbook = { .steps = steps, .steps_len = LEN(steps) };
	struct playbook empty = { 0 };

	ck_int(playbook_phase_begin(&playbook, PHASE_STEPS), 0);
	ck_int(playbook_phase_end(&playbook, PHASE_STEPS), 2);
	ck_int(playbook_phase_begin(&playbook, PHASE_VERIFY), 3);
	ck_int(playbook_phase_end(&playbook, PHASE_VERIFY), 3);
	ck_int(playbook_phase_begin(&playbook, PHASE_RESCUE), 2);
	ck_int(playbook_phase_end(&playbook, PHASE_RESCUE), 3);
	ck_int(playbook_phase_begin(&empty, PHASE_STEPS), 0);
	ck_int(playbook_phase_end(&empty, PHASE_STEPS), 0);
}

TEST(every_enum_has_its_word)
{
	ck_str(phase_names[PHASE_VERIFY], "verify");
	ck_str(step_kind_names[STEP_CHECK], "check");
	ck_str(alert_status_names[ALERT_RESOLVED], "resolved");
	for (size_t i = 0; i < PHASES; i++) {
		ck(phase_names[i]);
	}
	for (size_t i = 0; i < STEP_KINDS; i++) {
		ck(step_kind_names[i]);
	}
}

TEST(a_value_is_allowed_only_when_its_pattern_says_so)
{
	static const struct {
		const char *pattern;
		const char *value;
		const char *msg; /* a part of it; NULL: allowed */
	} rows[] = {
		{ "argus|hermes", "argus", NULL },
		{ ".*", "größe 1/2", NULL },
		{ ".*", "", "param 'p': empty, expected '.*'" },
		{ "argus|hermes", "redis", "param 'p': 'redis' does not match 'argus|hermes'" },
		{ "argus", "argus-1", "param 'p': 'argus-1' does not match 'argus'" },
		{ ".*", "a\nb", "param 'p': a control character in it, expected '.*'" },
		{ ".*", "a\x7f", "param 'p': a control character in it, expected '.*'" },
		{ ".*", "a\xc2\x9b", "param 'p': a control character in it, expected '.*'" },
		{ ".*", "a\xe2\x80\xae", "param 'p': a control character in it, expected '.*'" },
		{ ".*", "a\xff", "param 'p': not UTF-8, expected '.*'" },
		/* what a program reads as an option, a file or an assignment */
		{ ".*", "-rf", "begins with '-'" },
		{ ".*", "@file", "begins with '@'" },
		{ ".*", "+x", "begins with '+'" },
		{ ".*", "=x", "begins with '='" },
		{ "[-a]+", "-a",
				"param 'p': '-a' begins with '-', which the pattern '[-a]+' does not spell out" },
		{ "(x|-a)", "-a", "begins with '-'" },
		{ "[|-].|x", "-a", "begins with '-'" },
		{ "[]|-].|x", "-a", "begins with '-'" },
		{ "[[:punct:]|-].|x", "-a", "begins with '-'" },
		{ ".\\|-|.a", "-a", "begins with '-'" },
		{ "-v|--verbose", "--verbose", NULL },
		{ "\\-v", "-v", NULL },
		{ "[0-9]+|-[0-9]+", "-5", NULL },
		{ "(a|b)|-[0-9]+", "-5", NULL },
		{ "\\+[0-9]+", "+5", NULL },
		{ "@.*", "@x", NULL },
		{ "=.*", "=x", NULL },
		{ "a.*", "a-@+=", NULL },
		/* the way out of a folder */
		{ ".*", "a/../b", "has '..' in it" },
		{ "\\.+", "..", "has '..' in it" },
		{ "\\\\.\\.", "\\..", "has '..' in it" },
		{ "\\.\\./.*", "../x", NULL },
		{ ".*", "a.b.c", NULL },
	};

	for (size_t i = 0; i < LEN(rows); i++) {
		struct param param = param_of("p", rows[i].pattern);
		struct err err = { 0 };
		int rc = param_check(&param, rows[i].value, &err);

		ck_int(rc, rows[i].msg ? -1 : 0);
		if (rows[i].msg) {
			ck_has(err.msg, rows[i].msg);
		}
		regex_free(param.regex);
	}
}

TEST(a_value_has_at_most_256_bytes)
{
	struct param param = param_of("p", ".*");
	struct err err = { 0 };
	char value[PARAM_VALUE_MAX + 2];

	memset(value, 'x', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	ck_int(param_check(&param, value, &err), -1);
	ck_str(err.msg, "param 'p': longer than 256 bytes");
	value[PARAM_VALUE_MAX] = '\0';
	must_ok(param_check(&param, value, &err), err);
	regex_free(param.regex);
}

TEST(a_pattern_that_gave_up_refuses_the_value)
{
	struct param param = param_of("p", "(a+)+b");
	struct err err = { 0 };

	ck_int(param_check(&param, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaabc", &err), -1);
	ck_int(err.code, ERR_LIMIT);
	ck_str(err.msg, "param 'p': regular expression gave up: match limit exceeded");
	regex_free(param.regex);
}

static struct label alert_labels[] = { { "empty", "" }, { "service", "argus" } };
static struct label alert_annotations[] = { { "summary", "Service argus is down" } };
static const struct alert alert = {
	.labels = { alert_labels, LEN(alert_labels) },
	.annotations = { alert_annotations, LEN(alert_annotations) },
};

TEST(params_come_from_labels_annotations_and_constants)
{
	struct param params[] = { param_of("who", "argus|hermes"), param_of("text", ".*"),
		param_of("folder", "/var/log"), param_of("zone", "a"), param_of("aside", "b") };
	struct playbook playbook = { .params = params, .params_len = LEN(params) };
	struct label items[LEN(params)] = { 0 };
	struct labels values = { items, 0 };
	struct err err = { 0 };

	params[0].key = "service";
	params[1].source = PARAM_ANNOTATION;
	params[1].key = "summary";
	params[2].source = PARAM_CONSTANT;
	params[2].key = NULL;
	params[2].fallback = "/var/log";
	params[3].fallback = "a"; /* an absent label */
	params[4].key = "empty";
	params[4].fallback = "b"; /* an empty label */
	must_ok(playbook_params(&playbook, &alert, &values, &err), err);
	ck_int(values.len, LEN(params));
	ck_str(values.items[0].name, "who");
	ck_str(values.items[0].value, "argus");
	ck_str(values.items[1].value, "Service argus is down");
	ck_str(values.items[2].value, "/var/log");
	ck_str(values.items[3].value, "a");
	ck_str(values.items[4].value, "b");
	must_ok(playbook_params_check(&playbook, &values, &err), err);
	for (size_t i = 0; i < LEN(params); i++) {
		regex_free(params[i].regex);
	}
}

TEST(a_missing_or_wrong_value_refuses_the_run)
{
	static const struct {
		enum param_source source;
		const char *key;
		const char *pattern;
		const char *msg;
	} rows[] = {
		{ PARAM_LABEL, "nope", ".*", "param 'p': the alert has no label 'nope'" },
		{ PARAM_LABEL, "empty", ".*", "param 'p': the alert has no label 'empty'" },
		{ PARAM_LABEL, "summary", ".*", "param 'p': the alert has no label 'summary'" },
		{ PARAM_ANNOTATION, "service", ".*",
				"param 'p': the alert has no annotation 'service'" },
		{ PARAM_LABEL, "service", "hermes", "param 'p': 'argus' does not match 'hermes'" },
	};

	for (size_t i = 0; i < LEN(rows); i++) {
		struct param param = param_of("p", rows[i].pattern);
		struct playbook playbook = { .params = &param, .params_len = 1 };
		struct label item = { 0 };
		struct labels values = { &item, 0 };
		struct err err = { 0 };

		param.source = (uint8_t)rows[i].source;
		param.key = rows[i].key;
		ck_int(playbook_params(&playbook, &alert, &values, &err), -1);
		ck_int(err.code, ERR_INPUT);
		ck_str(err.msg, rows[i].msg);
		regex_free(param.regex);
	}
}

TEST(params_from_elsewhere_are_checked_by_name_and_value)
{
	struct param params[] = { param_of("a", "1"), param_of("b", "2") };
	struct playbook playbook = { .name = "x", .params = params, .params_len = 2 };
	struct label good[] = { { "a", "1" }, { "b", "2" } };
	struct label swapped[] = { { "b", "2" }, { "a", "1" } };
	struct label wrong[] = { { "a", "1" }, { "b", "3" } };
	struct err err = { 0 };

	must_ok(playbook_params_check(&playbook, &(struct labels){ good, 2 }, &err), err);
	ck_int(playbook_params_check(&playbook, &(struct labels){ good, 1 }, &err), -1);
	ck_str(err.msg, "playbook 'x' has 2 params, got 1");
	ck_int(playbook_params_check(&playbook, &(struct labels){ swapped, 2 }, &err), -1);
	ck_str(err.msg, "expected param 'a', got 'b'");
	ck_int(playbook_params_check(&playbook, &(struct labels){ wrong, 2 }, &err), -1);
	ck_str(err.msg, "param 'b': '3' does not match '2'");
	regex_free(params[0].regex);
	regex_free(params[1].regex);
}

TEST(a_param_stays_inside_its_argument)
{
	static const char *const argv[] = { "docker", "restart", "${service}-1", "$$HOME", "",
		NULL };
	struct step step = { .kind = STEP_RUN, .name = "restart", .argv = argv };
	struct label items[] = { { "service", "a b;${service} $(x)" } };
	struct labels params = { items, 1 };
	auto_strv struct strv out = { 0 };
	struct err err = { 0 };

	must_ok(step_argv(&step, &params, &out, &err), err);
	ck_int(out.len, 5);
	ck_str(out.items[0], "docker");
	ck_str(out.items[2], "a b;${service} $(x)-1");
	ck_str(out.items[3], "$HOME");
	ck_str(out.items[4], "");
}

TEST(a_script_is_fixed_text)
{
	struct step step = {
		.kind = STEP_SCRIPT, .name = "clean", .script = "rm \"$PARAM_X\" ${service}"
	};
	struct label items[] = { { "service", "argus" } };
	struct labels params = { items, 1 };
	auto_strv struct strv out = { 0 };
	struct err err = { 0 };

	must_ok(step_argv(&step, &params, &out, &err), err);
	ck_int(out.len, 5);
	ck_str(out.items[0], "/bin/sh");
	ck_str(out.items[1], "-eu");
	ck_str(out.items[2], "-c");
	ck_str(out.items[3], "rm \"$PARAM_X\" ${service}");
	ck_str(out.items[4], "clean");
}

TEST(an_argument_with_an_unknown_name_is_an_error)
{
	static const char *const argv[] = { "ls", "${nope}", NULL };
	struct step step = { .kind = STEP_RUN, .name = "list", .argv = argv };
	struct step wait = { .kind = STEP_WAIT, .name = "a while" };
	struct labels params = { 0 };
	auto_strv struct strv out = { 0 };
	struct err err = { 0 };

	ck_int(step_argv(&step, &params, &out, &err), -1);
	ck_str(err.msg, "step 'list': argument 1: unknown name '${nope}'");
	ck_int(step_argv(&wait, &params, &out, &err), -1);
	ck_int(err.code, ERR_BUG);
}

/* "serv" is the beginning of a declared name, and "service" the beginning of another. */
TEST(a_param_is_found_by_its_whole_name)
{
	struct label items[] = { { "service_name", "1" }, { "service", "2" } };
	struct labels params = { items, 2 };
	auto_buf struct buf out = { 0 };
	struct err err = { 0 };

	must_ok(params_expand("${service}${service_name}", &params, &out, &err), err);
	ck_str(buf_text(&out), "21");
	ck_int(params_expand("${serv}", &params, &out, &err), -1);
	ck_str(err.msg, "unknown name '${serv}'");
}

TEST(a_playbook_wants_what_all_its_matchers_want)
{
	struct matcher matchers[] = {
		{ "service", "argus", MATCHER_EQUAL, NULL },
		{ "service", "(a+)+b", MATCHER_NOT_REGEX, NULL },
	};
	struct playbook playbook = { .name = "x", .matchers = matchers, .matchers_len = 2 };
	struct label bomb[] = { { "service", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaabc" } };
	struct err err = { 0 };
	bool yes = false;

	must_ok(matcher_compile(&matchers[1], &err), err);
	must_ok(playbook_match(&playbook, &alert.labels, &yes, &err), err);
	ck(yes);
	must_ok(playbook_match(&playbook, &alert.annotations, &yes, &err), err);
	ck(!yes);
	matchers[0].value = bomb[0].value;
	ck_int(playbook_match(&playbook, &(struct labels){ bomb, 1 }, &yes, &err), -1);
	ck_str(err.msg, "playbook 'x': label 'service': regular expression gave up: match limit exceeded");
	matcher_clear(&matchers[1]);
}

static bool only_notifies(const struct step *steps, size_t len)
{
	struct step copy[4];
	const struct playbook playbook = { .steps = copy, .steps_len = len };

	memcpy(copy, steps, len * sizeof(*steps));
	return playbook_only_notifies(&playbook);
}

#define NOTIFIES(...)                                       \
	only_notifies((const struct step[]){ __VA_ARGS__ }, \
			LEN(((const struct step[]){ __VA_ARGS__ })))

TEST(a_playbook_that_finds_out_nothing_only_notifies)
{
	const struct step notify = { .phase = PHASE_STEPS, .kind = STEP_NOTIFY };
	const struct step wait = { .phase = PHASE_STEPS, .kind = STEP_WAIT };
	const struct step approve = { .phase = PHASE_STEPS, .kind = STEP_APPROVE };
	const struct step run = { .phase = PHASE_STEPS, .kind = STEP_RUN };
	const struct step check = { .phase = PHASE_STEPS, .kind = STEP_CHECK };
	const struct step precheck = { .phase = PHASE_PRECHECK, .kind = STEP_RUN };
	const struct step rescue = { .phase = PHASE_RESCUE, .kind = STEP_RUN };

	ck(NOTIFIES(notify));
	ck(NOTIFIES(approve, wait, notify));
	ck(NOTIFIES(notify, rescue));
	ck(!NOTIFIES(wait));
	ck(!NOTIFIES(approve, wait));
	ck(!NOTIFIES(run, notify));
	ck(!NOTIFIES(notify, check));
	ck(!NOTIFIES(precheck, notify));
}

TEST(a_playbook_with_verify_steps_verifies)
{
	struct step steps[] = { { .phase = PHASE_STEPS }, { .phase = PHASE_VERIFY },
		{ .phase = PHASE_RESCUE } };
	struct playbook playbook = { .steps = steps, .steps_len = LEN(steps) };

	ck(playbook_verifies(&playbook));
	playbook.steps_len = 1;
	ck(!playbook_verifies(&playbook));
}
