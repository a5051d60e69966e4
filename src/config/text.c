/* SPDX-License-Identifier: Apache-2.0 */
#include "config/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "domain/template.h"

#define NEAREST_MAX 64 /* bytes of a word that is compared */

/* One reading of one text. */
struct fill {
	struct loader *loader;
	unsigned names;      /* enum text_names */
	const char *unknown; /* the name that was not known; NULL: none */
	size_t unknown_len;
};

static bool is_word(const char *word, const char *text, size_t len)
{
	return strlen(word) == len && memcmp(word, text, len) == 0;
}

static const char *find_var(const struct loader *loader, const char *name, size_t len)
{
	for (size_t i = 0; i < loader->vars.len; i++) {
		if (is_word(loader->vars.items[i].name, name, len)) {
			return loader->vars.items[i].value;
		}
	}
	return NULL;
}

static bool is_param(const struct loader *loader, const char *name, size_t len)
{
	const struct playbook *playbook = loader->playbook;

	for (size_t i = 0; playbook && i < playbook->params_len; i++) {
		if (is_word(playbook->params[i].name, name, len)) {
			return true;
		}
	}
	return false;
}

static bool is_of_alert(const char *name, size_t len)
{
	static const char *const prefixes[] = { "labels.", "annotations." };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		size_t prefix = strlen(prefixes[i]);

		if (len > prefix && memcmp(name, prefixes[i], prefix) == 0) {
			return true;
		}
	}
	return false;
}

/* Every name that may stand here; notes the one that may not. */
static const char *look_up_any(const char *name, size_t len, void *arg)
{
	struct fill *fill = arg;
	const char *value = find_var(fill->loader, name, len);

	if (value) {
		return value;
	}
	if ((fill->names & TEXT_PARAMS) && is_param(fill->loader, name, len)) {
		return "";
	}
	if ((fill->names & TEXT_LABELS) && is_of_alert(name, len)) {
		return "";
	}
	if (fill->names & TEXT_OPEN) {
		return "";
	}
	fill->unknown = name;
	fill->unknown_len = len;
	return NULL;
}

/* template_expand_known() sees to it that a "$" in the value is still one after the next pass. */
static const char *look_up_var(const char *name, size_t len, void *arg)
{
	const struct fill *fill = arg;

	return find_var(fill->loader, name, len);
}

/* All names that may stand in text here, for the message. NULL-terminated, in the arena. */
static const char *const *known_names(const struct fill *fill)
{
	const struct loader *loader = fill->loader;
	const struct playbook *playbook = fill->names & TEXT_PARAMS ? loader->playbook : NULL;
	size_t params = playbook ? playbook->params_len : 0;
	const char **names =
			arena_calloc(loader->arena, loader->vars.len + params + 1, sizeof(*names));

	for (size_t i = 0; i < params; i++) {
		names[i] = playbook->params[i].name;
	}
	for (size_t i = 0; i < loader->vars.len; i++) {
		names[params + i] = loader->vars.items[i].name;
	}
	return names;
}

static void report_unknown(struct fill *fill, const struct yaml_node *node)
{
	struct loader *loader = fill->loader;
	const char *name = arena_strndup(loader->arena, fill->unknown, fill->unknown_len);
	struct place place = yaml_place_of(node, arena_printf(loader->arena, "${%s}", name));
	const char *nearest = text_nearest(name, known_names(fill));

	if (is_param(loader, name, strlen(name))) {
		mistakes_add(loader->mistakes, &place, "a param like '${%s}' may not stand here",
				name);
		return;
	}
	if (nearest) {
		mistakes_add(loader->mistakes, &place,
				"unknown name '${%s}', did you mean '${%s}'?", name, nearest);
		return;
	}
	mistakes_add(loader->mistakes, &place, "unknown name '${%s}': %s", name,
			fill->names & TEXT_PARAMS ? "declare it in params or in vars"
						  : "declare it in vars");
}

const char *text_fill(struct loader *loader, const struct yaml_node *node, unsigned names)
{
	struct fill fill = { .loader = loader, .names = names };
	auto_buf struct buf out = { 0 };
	struct err err;

	if (template_expand(node->text, look_up_any, &fill, &out, &err) < 0) {
		if (fill.unknown) {
			report_unknown(&fill, node);
		} else {
			mistakes_add(loader->mistakes, &node->place, "%s", err.msg);
		}
		return NULL;
	}
	if (names & TEXT_PARAMS) {
		buf_reset(&out);
		if (template_expand_known(node->text, look_up_var, &fill, &out, &err) < 0) {
			mistakes_add(loader->mistakes, &node->place, "%s", err.msg);
			return NULL;
		}
	}
	return arena_strdup(loader->arena, buf_text(&out));
}

static bool is_set_by(const struct labels *env, const char *name, size_t len)
{
	for (size_t i = 0; i < env->len; i++) {
		if (is_word(env->items[i].name, name, len)) {
			return true;
		}
	}
	return false;
}

static void report_in_script(struct loader *loader, const struct yaml_node *node, const char *name)
{
	struct place place = yaml_place_of(node, arena_printf(loader->arena, "${%s", name));

	if (!is_param(loader, name, strlen(name))) {
		mistakes_add(loader->mistakes, &place,
				"a script does not see vars: pass '%s' on with env", name);
		return;
	}

	char *upper = arena_strdup(loader->arena, name);

	for (char *p = upper; *p; p++) {
		*p = (char)toupper((unsigned char)*p);
	}
	mistakes_add(loader->mistakes, &place,
			"a script sees params as environment variables only: write \"$PARAM_%s\"",
			upper);
}

void text_check_script(
		struct loader *loader, const struct yaml_node *node, const struct labels *env)
{
	for (const char *p = node->text; (p = strstr(p, "${")) != NULL;) {
		p += strlen("${");

		size_t len = strspn(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "0123456789_");

		if (is_set_by(env, p, len)) {
			continue;
		}
		if (is_param(loader, p, len) || find_var(loader, p, len)) {
			report_in_script(loader, node, arena_strndup(loader->arena, p, len));
		}
	}
}

void text_report(struct loader *loader, const struct yaml_node *node, const struct err *err)
{
	struct place place = node->place;
	const char *message = err->msg;
	unsigned column = 0;
	int skip = 0;

	if (node->verbatim && sscanf(message, "column %u: %n", &column, &skip) == 1 && skip > 0) {
		place = yaml_place_at(node, column);
		message += skip;
	}
	mistakes_add(loader->mistakes, &place, "%s", message);
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* How many letters must be put in, taken out or replaced to make a into b. */
static size_t distance(const char *a, const char *b)
{
	size_t row[NEAREST_MAX + 1];
	size_t len = strlen(b);

	if (len > NEAREST_MAX || strlen(a) > NEAREST_MAX) {
		return SIZE_MAX;
	}
	for (size_t j = 0; j <= len; j++) {
		row[j] = j;
	}
	for (size_t i = 0; a[i]; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < len; j++) {
			size_t above = row[j + 1];

			row[j + 1] = least(diagonal + (a[i] != b[j]), least(above, row[j]) + 1);
			diagonal = above;
		}
	}
	return row[len];
}

const char *text_nearest(const char *text, const char *const *words)
{
	const char *best = NULL;
	size_t limit = strlen(text) < 4 ? 1 : 2;

	for (; *words; words++) {
		size_t far = distance(text, *words);

		if (far <= limit && far < strlen(*words)) {
			best = *words;
			limit = far - (far > 0);
		}
	}
	return best;
}

#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

/* 1 to max characters: the first out of first, the others out of first or more. */
static bool is_made_of(const char *text, const char *first, const char *more, size_t max)
{
	size_t len = strlen(text);

	if (len == 0 || len > max || !strchr(first, *text)) {
		return false;
	}
	for (const char *p = text; *p; p++) {
		if (!strchr(first, *p) && !strchr(more, *p)) {
			return false;
		}
	}
	return true;
}

const char *text_is_name(const char *text)
{
	return is_made_of(text, LOWER DIGITS, "_-", 64)
			       ? NULL
			       : "a name of at most 64 of a-z, 0-9, '_' and '-', with a letter or digit first";
}

const char *text_is_var_name(const char *text)
{
	return is_made_of(text, LOWER UPPER "_", DIGITS, 64)
			       ? NULL
			       : "a name of at most 64 letters, digits and '_', with no digit first";
}

const char *text_is_param_name(const char *text)
{
	return is_made_of(text, LOWER "_", DIGITS, 64)
			       ? NULL
			       : "a name of at most 64 of a-z, 0-9 and '_', with no digit first";
}

const char *text_is_env_name(const char *text)
{
	/* What changes how the program itself is loaded or read, and what is playbookd's to say. */
	static const char *const refused[] = { "IFS", "BASH_ENV", "ENV", NULL };
	static const char *const prefixes[] = { "LD_", "PARAM_", "PLAYBOOKD_", NULL };

	if (text_is_var_name(text)) {
		return "the name of an environment variable, [A-Za-z_][A-Za-z0-9_]*";
	}
	for (const char *const *name = refused; *name; name++) {
		if (strcmp(text, *name) == 0) {
			return "another name: IFS, BASH_ENV and ENV may not be set";
		}
	}
	for (const char *const *prefix = prefixes; *prefix; prefix++) {
		if (strncmp(text, *prefix, strlen(*prefix)) == 0) {
			return "another name: LD_*, PARAM_* and PLAYBOOKD_* may not be set";
		}
	}
	return NULL;
}

const char *text_is_user(const char *text)
{
	return is_made_of(text, LOWER "_", DIGITS "-", 32) ? NULL : "the name of a user";
}

const char *text_is_line(const char *text)
{
	for (const char *p = text; *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f) {
			return "one line without control characters";
		}
	}
	return NULL;
}

const char *text_is_absolute(const char *text)
{
	return *text == '/' && !text_is_line(text) ? NULL : "an absolute path, like /var/tmp";
}

const char *text_is_label_name(const char *text)
{
	return strcmp(text, "...") != 0 ? NULL : "the name of a label; '...' is not supported here";
}

const char *text_is_url(const char *text)
{
	static const char expected[] = "a URL like http://localhost:8080/health";
	static const char *const schemes[] = { "http://", "https://", NULL };

	for (const char *const *scheme = schemes; *scheme; scheme++) {
		const char *host = text + strlen(*scheme);

		if (strncmp(text, *scheme, strlen(*scheme)) != 0) {
			continue;
		}
		if (*host == '\0' || strchr("/?#:", *host) || strchr(host, ' ') ||
				text_is_line(text)) {
			return expected;
		}
		return NULL;
	}
	return expected;
}

const char *text_is_webhook(const char *text)
{
	const char *wrong = text_is_url(text);
	const char *host = wrong ? text : strstr(text, "://") + 3;
	const char *at = strchr(host, '@');

	if (!wrong && at && (size_t)(at - host) < strcspn(host, "/?#")) {
		return "a URL without user:password@; they go into http_config";
	}
	return wrong;
}

const char *text_is_address(const char *text)
{
	static const char expected[] = "an address HOST:PORT, like localhost:5432 or [::1]:5432";
	const char *colon = strrchr(text, ':');

	if (!colon || colon == text || strchr(text, ' ') || strchr(text, '/') ||
			text_is_line(text)) {
		return expected;
	}
	if (*text != '[' && strchr(text, ':') != colon) {
		return expected;
	}
	if (*text == '[' && (colon[-1] != ']' || colon - text < 4)) {
		return expected;
	}
	if (!is_made_of(colon + 1, "123456789", "0", 5) || atol(colon + 1) > 65535) {
		return expected;
	}
	return NULL;
}
