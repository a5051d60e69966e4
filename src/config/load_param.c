/* SPDX-License-Identifier: Apache-2.0 */
#include "config/load_param.h"

#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "config/text.h"

#define PARAMS_MAX 32

/* A param as it is written. */
struct written {
	const char *from;
	const char *value;
	const char *pattern;
	const char *fallback;
};

/* The first two rows exclude each other. */
static const struct spec param_keys[] = {
	{ "from", "labels.NAME or annotations.NAME", SPEC_STRING, SPEC_FIELD(struct written, from),
			.max = 256 },
	{ "value", "a constant", SPEC_STRING, SPEC_FIELD(struct written, value), SPEC_VARS,
			.max = PARAM_VALUE_MAX },
	{ "default", "the value when the alert has none", SPEC_STRING,
			SPEC_FIELD(struct written, fallback), SPEC_VARS, .max = PARAM_VALUE_MAX },
	{ "pattern", "a regular expression that the whole value must match", SPEC_STRING,
			SPEC_FIELD(struct written, pattern), .max = REGEX_PATTERN_MAX },
	{ 0 },
};

static void set_source(struct loader *loader, const struct yaml_node *node,
		const struct written *written, struct param *param)
{
	static const struct {
		const char *prefix;
		enum param_source source;
	} sources[] = {
		{ "labels.", PARAM_LABEL },
		{ "annotations.", PARAM_ANNOTATION },
	};

	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		size_t len = strlen(sources[i].prefix);

		if (strncmp(written->from, sources[i].prefix, len) == 0 && written->from[len]) {
			param->source = (uint8_t)sources[i].source;
			param->key = written->from + len;
			return;
		}
	}
	mistakes_add(loader->mistakes, &yaml_get(node, "from")->place,
			"expected labels.NAME or annotations.NAME, got \"%s\"", written->from);
}

/* The pattern that matches value only. */
static const char *quote_pattern(struct arena *arena, const char *value)
{
	auto_buf struct buf out = { 0 };

	for (const char *p = value; *p; p++) {
		if (ispunct((unsigned char)*p) || *p == ' ') {
			buf_addch(&out, '\\');
		}
		buf_addch(&out, *p);
	}
	return arena_strdup(arena, buf_text(&out));
}

/* The regex's message without the pattern, which stands right there: "column 3: missing )". */
static void report_pattern(struct loader *loader, const struct yaml_node *node, struct err *err)
{
	const char *column = NULL;

	for (const char *p = err->msg; (p = strstr(p, "': column ")) != NULL; p++) {
		column = p + strlen("': ");
	}
	if (column) {
		memmove(err->msg, column, strlen(column) + 1);
	}
	text_report(loader, node, err);
}

static void set_pattern(struct loader *loader, const struct yaml_node *node, const char *pattern,
		struct param *param)
{
	const struct yaml_node *at = yaml_get(node, "pattern");
	struct err err;

	param->pattern = pattern;
	param->regex = regex_new(pattern, &err);
	if (!param->regex) {
		report_pattern(loader, at ? at : node, &err);
	}
}

/* A constant or a default that its own pattern refuses would refuse every run. */
static void check_value(
		struct loader *loader, const struct yaml_node *node, const struct param *param)
{
	struct err err;

	if (param->fallback && param->regex && param_check(param, param->fallback, &err) < 0) {
		mistakes_add(loader->mistakes, &node->place, "%s", err.msg);
	}
}

static void set_constant(struct loader *loader, const struct yaml_node *node,
		const struct written *written, struct param *param)
{
	const struct yaml_node *fallback = yaml_get(node, "default");

	param->source = PARAM_CONSTANT;
	param->fallback = written->value;
	if (fallback) {
		mistakes_add(loader->mistakes, &fallback->key->place,
				"'value' and 'default' exclude each other");
	}
	if (!yaml_get(node, "pattern") && written->value) {
		set_pattern(loader, node, quote_pattern(loader->arena, written->value), param);
	}
	check_value(loader, yaml_get(node, "value"), param);
}

static void set_from(struct loader *loader, const struct yaml_node *node,
		const struct written *written, struct param *param)
{
	if (written->from) {
		set_source(loader, node, written, param);
	}
	param->fallback = written->fallback;
	if (!yaml_get(node, "pattern")) {
		mistakes_add(loader->mistakes, &node->place, "missing key 'pattern': %s",
				"a regular expression that the whole value must match");
	}
	if (written->fallback) {
		check_value(loader, yaml_get(node, "default"), param);
	}
}

static void check_name(struct loader *loader, const struct yaml_node *node)
{
	const char *name = node->key->text;
	const char *wrong = text_is_param_name(name);

	if (wrong) {
		mistakes_add(loader->mistakes, &node->key->place, "expected %s, got \"%s\"", wrong,
				name);
	}
	for (size_t i = 0; i < loader->vars.len; i++) {
		if (strcmp(loader->vars.items[i].name, name) == 0) {
			mistakes_add(loader->mistakes, &node->key->place,
					"param '%s' has the name of a var", name);
		}
	}
}

static void load_param(struct loader *loader, const struct yaml_node *node, struct param *param)
{
	struct written written = { 0 };
	uint64_t given = 0;

	param->name = node->key->text;
	check_name(loader, node);
	if (!spec_load(loader, param_keys, node, &written, &given)) {
		return;
	}
	if (written.pattern) {
		set_pattern(loader, node, written.pattern, param);
	}
	switch (spec_one_of(loader, param_keys, 2, node, given)) {
	case 0:
		set_from(loader, node, &written, param);
		break;
	case 1:
		set_constant(loader, node, &written, param);
		break;
	default:
		break;
	}
}

void load_params(struct loader *loader, const struct yaml_node *node, void *base)
{
	struct playbook *playbook = base;

	if (node->kind != YAML_MAPPING || node->len > PARAMS_MAX) {
		if (!yaml_is_null(node)) {
			mistakes_add(loader->mistakes, &node->place,
					"expected a mapping of at most %d names to params",
					PARAMS_MAX);
		}
		return;
	}
	playbook->params = arena_calloc(loader->arena, node->len, sizeof(*playbook->params));
	for (yaml_each(value, node)) {
		/* A duplicate key is a mistake already; one of them is enough. */
		load_param(loader, value, &playbook->params[playbook->params_len]);
		playbook->params_len++;
	}
}
