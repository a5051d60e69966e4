/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/playbook.h"

#include <string.h>

#include "base/utf8.h"
#include "domain/template.h"

const char *const phase_names[PHASES] = {
	[PHASE_PRECHECK] = "precheck",
	[PHASE_STEPS] = "steps",
	[PHASE_VERIFY] = "verify",
	[PHASE_RESCUE] = "rescue",
};

const char *const step_kind_names[STEP_KINDS] = {
	[STEP_RUN] = "run",
	[STEP_SCRIPT] = "script",
	[STEP_CHECK] = "check",
	[STEP_WAIT] = "wait",
	[STEP_APPROVE] = "approve",
	[STEP_NOTIFY] = "notify",
};

const char *const default_group_by[] = { "alertname", "service", "instance", NULL };

size_t playbook_phase_begin(const struct playbook *playbook, enum phase phase)
{
	size_t i = 0;

	while (i < playbook->steps_len && playbook->steps[i].phase != phase) {
		i++;
	}
	return i;
}

size_t playbook_phase_end(const struct playbook *playbook, enum phase phase)
{
	size_t i = playbook_phase_begin(playbook, phase);

	while (i < playbook->steps_len && playbook->steps[i].phase == phase) {
		i++;
	}
	return i;
}

bool playbook_verifies(const struct playbook *playbook)
{
	return playbook_phase_begin(playbook, PHASE_VERIFY) <
	       playbook_phase_end(playbook, PHASE_VERIFY);
}

bool playbook_only_notifies(const struct playbook *playbook)
{
	size_t end = playbook_phase_end(playbook, PHASE_STEPS);
	bool notifies = false;

	for (size_t i = 0; i < end; i++) {
		uint8_t kind = playbook->steps[i].kind;

		if (kind != STEP_NOTIFY && kind != STEP_WAIT && kind != STEP_APPROVE) {
			return false;
		}
		notifies |= kind == STEP_NOTIFY;
	}
	return notifies;
}

int playbook_match(const struct playbook *playbook, const struct labels *labels, bool *ret_match,
		struct err *err)
{
	if (matchers_match(playbook->matchers, playbook->matchers_len, labels, ret_match, err) <
			0) {
		return err_wrap(err, "playbook '%s'", playbook->name);
	}
	return 0;
}

/* After a character class, whose '[' c points to: a ']' right at its beginning is part of it. */
static const char *skip_class(const char *c)
{
	c++;
	c += *c == '^';
	c += *c == ']';
	while (*c && *c != ']') {
		const char *posix = !strncmp(c, "[:", 2) ? strstr(c, ":]") : NULL;

		if (posix) {
			c = posix + 2;
		} else {
			c += c[0] == '\\' && c[1] ? 2 : 1;
		}
	}
	return *c ? c + 1 : c;
}

/* After the top-level '|' that follows c, or NULL when there is none. */
static const char *next_alternative(const char *c)
{
	int depth = 0;

	while (*c) {
		if (*c == '|' && depth == 0) {
			return c + 1;
		}
		if (*c == '[') {
			c = skip_class(c);
			continue;
		}
		depth += (*c == '(') - (*c == ')');
		c += c[0] == '\\' && c[1] ? 2 : 1;
	}
	return NULL;
}

/* Does the pattern itself spell out that a value may begin with first? */
static bool pattern_begins_with(const char *pattern, char first)
{
	for (const char *c = pattern; c; c = next_alternative(c)) {
		if (*c == first || (c[0] == '\\' && c[1] == first)) {
			return true;
		}
	}
	return false;
}

/* Is there "\.\." in it, whose first backslash is not an escaped one? */
static bool pattern_has_dots(const char *pattern)
{
	for (const char *c = pattern; *c;) {
		if (!strncmp(c, "\\.\\.", 4)) {
			return true;
		}
		c += c[0] == '\\' && c[1] ? 2 : 1;
	}
	return false;
}

static const char *wrong_text(const char *value)
{
	size_t len = strlen(value);
	uint32_t code = 0;

	for (size_t at = 0; at < len;) {
		size_t n = utf8_next(value + at, len - at, &code);

		if (!n) {
			return "not UTF-8";
		}
		if (utf8_is_control(code)) {
			return "a control character in it";
		}
		at += n;
	}
	return NULL;
}

/* The rules that hold whatever the pattern lets through. */
static int check_text(const struct param *param, const char *value, struct err *err)
{
	const char *wrong = wrong_text(value);

	if (!*value) {
		return err_set(err, ERR_INPUT, "param '%s': empty, expected '%.512s'", param->name,
				param->pattern);
	}
	if (strnlen(value, PARAM_VALUE_MAX + 1) > PARAM_VALUE_MAX) {
		return err_set(err, ERR_INPUT, "param '%s': longer than %d bytes", param->name,
				PARAM_VALUE_MAX);
	}
	if (wrong) {
		return err_set(err, ERR_INPUT, "param '%s': %s, expected '%.512s'", param->name,
				wrong, param->pattern);
	}
	return 0;
}

/* What a program could read as an option, a file of arguments or a way out of a folder. */
static int check_danger(const struct param *param, const char *value, struct err *err)
{
	if (strchr("-@+=", *value) && !pattern_begins_with(param->pattern, *value)) {
		return err_set(err, ERR_INPUT,
				"param '%s': '%s' begins with '%c', which the pattern '%.512s' does not spell out",
				param->name, value, *value, param->pattern);
	}
	if (strstr(value, "..") && !pattern_has_dots(param->pattern)) {
		return err_set(err, ERR_INPUT,
				"param '%s': '%s' has '..' in it, which the pattern '%.512s' does not spell out",
				param->name, value, param->pattern);
	}
	return 0;
}

int param_check(const struct param *param, const char *value, struct err *err)
{
	bool match = false;

	if (check_text(param, value, err) < 0) {
		return -1;
	}
	if (regex_match(param->regex, value, &match, err) < 0) {
		return err_wrap(err, "param '%s'", param->name);
	}
	if (!match) {
		return err_set(err, ERR_INPUT, "param '%s': '%s' does not match '%.512s'",
				param->name, value, param->pattern);
	}
	return check_danger(param, value, err);
}

/* The value before any check; NULL with err set. */
static const char *param_value(
		const struct param *param, const struct alert *alert, struct err *err)
{
	const char *value = "";
	const char *what = "value";

	switch ((enum param_source)param->source) {
	case PARAM_LABEL:
		value = labels_value(&alert->labels, param->key);
		what = "label";
		break;
	case PARAM_ANNOTATION:
		value = labels_value(&alert->annotations, param->key);
		what = "annotation";
		break;
	case PARAM_CONSTANT:
		break;
	}
	if (*value) {
		return value;
	}
	if (!param->fallback) {
		err_set(err, ERR_INPUT, "param '%s': the alert has no %s '%s'", param->name, what,
				param->key ? param->key : "");
	}
	return param->fallback;
}

int playbook_params(const struct playbook *playbook, const struct alert *alert,
		struct labels *ret_values, struct err *err)
{
	for (size_t i = 0; i < playbook->params_len; i++) {
		const struct param *param = &playbook->params[i];
		const char *value = param_value(param, alert, err);

		if (!value || param_check(param, value, err) < 0) {
			return -1;
		}
		ret_values->items[i] = (struct label){ param->name, value };
	}
	ret_values->len = playbook->params_len;
	return 0;
}

int playbook_params_check(
		const struct playbook *playbook, const struct labels *values, struct err *err)
{
	if (values->len != playbook->params_len) {
		return err_set(err, ERR_INPUT, "playbook '%s' has %zu params, got %zu",
				playbook->name, playbook->params_len, values->len);
	}
	for (size_t i = 0; i < values->len; i++) {
		const struct param *param = &playbook->params[i];

		if (strcmp(values->items[i].name, param->name) != 0) {
			return err_set(err, ERR_INPUT, "expected param '%s', got '%.64s'",
					param->name, values->items[i].name);
		}
		if (param_check(param, values->items[i].value, err) < 0) {
			return -1;
		}
	}
	return 0;
}

static const char *look_up(const char *name, size_t len, void *arg)
{
	const struct labels *params = arg;

	for (size_t i = 0; i < params->len; i++) {
		if (!strncmp(params->items[i].name, name, len) && !params->items[i].name[len]) {
			return params->items[i].value;
		}
	}
	return NULL;
}

int params_expand(const char *text, const struct labels *params, struct buf *out, struct err *err)
{
	struct labels borrowed = *params;

	return template_expand(text, look_up, &borrowed, out, err);
}

const char *step_title(const struct step *step, const struct labels *params, struct buf *out)
{
	struct err err;

	if (!params || !template_has_names(step->name) ||
			params_expand(step->name, params, out, &err) < 0) {
		return step->name;
	}
	return buf_text(out);
}

bool step_is_label(const struct step *step, const char *name)
{
	size_t len = strlen(phase_names[step->phase]);

	return !strncmp(name, phase_names[step->phase], len) && name[len] == '.' &&
	       !strcmp(name + len + 1, step->name);
}

static void script_argv(const struct step *step, struct strv *out)
{
	strv_add(out, "/bin/sh");
	strv_add(out, "-eu");
	strv_add(out, "-c");
	strv_add(out, step->script);
	strv_add(out, step->name);
}

int step_argv(const struct step *step, const struct labels *params, struct strv *out,
		struct err *err)
{
	if (step->kind == STEP_SCRIPT) {
		script_argv(step, out);
		return 0;
	}
	if (step->kind != STEP_RUN) {
		return err_set(err, ERR_BUG, "step '%s' has no argv", step->name);
	}
	for (size_t i = 0; step->argv[i]; i++) {
		auto_buf struct buf arg = { 0 };

		if (params_expand(step->argv[i], params, &arg, err) < 0) {
			return err_wrap(err, "step '%s': argument %zu", step->name, i);
		}
		strv_add_take(out, buf_detach(&arg));
	}
	return 0;
}
