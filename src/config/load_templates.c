/* SPDX-License-Identifier: Apache-2.0 */
#include "config/load_templates.h"

#include <string.h>

#include "base/utf8.h"
#include "config/config.h"
#include "config/text.h"
#include "domain/notification_text.h"
#include "domain/template.h"

/* One file on its way in. */
struct reading {
	struct loader *loader;
	struct place file; /* its line and column are those of its beginning */
	const char *text;
};

/* Where byte number at of its text stands. */
static struct place place_at(const struct reading *reading, size_t at)
{
	struct place place = reading->file;

	for (size_t i = 0; i < at; i++) {
		unsigned char c = (unsigned char)reading->text[i];

		if (c == '\n') {
			place.line++;
			place.column = 1;
		} else if ((c & 0xC0) != 0x80) {
			place.column++;
		}
	}
	return place;
}

static void say(const struct reading *reading, size_t at, const char *what)
{
	struct place place = place_at(reading, at);

	mistakes_add(reading->loader->mistakes, &place, "%s", what);
}

/* Its position among template_kind_names, or -1 after a mistake. */
static int kind_of(const struct reading *reading)
{
	const char *path = reading->file.path;
	const char *name = path + files_folder_len(path);
	const char *dot = strrchr(name, '.');
	size_t len = dot && dot > name ? (size_t)(dot - name) : strlen(name);
	const char *word = arena_strndup(reading->loader->arena, name, len);
	const char *nearest = text_nearest(word, template_kind_names);

	for (int i = 0; i < TEMPLATE_KINDS; i++) {
		if (!strcmp(template_kind_names[i], word)) {
			return i;
		}
	}
	mistakes_add(reading->loader->mistakes, &reading->file,
			"the name of a template is initial, escalation, update or resolved, not '%s'%s%s%s",
			word, nearest ? "; did you mean '" : "", nearest ? nearest : "",
			nearest ? "'?" : "");
	return -1;
}

static bool is_text(const struct reading *reading, size_t len)
{
	const char *text = reading->text;

	if (len > TEMPLATE_TEXT_MAX) {
		mistakes_add(reading->loader->mistakes, &reading->file,
				"a template is at most %d bytes long", TEMPLATE_TEXT_MAX);
		return false;
	}
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i]; /* of a NUL the text ends there */

		if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f) {
			say(reading, i, "a control character; lines end with one line feed");
			return false;
		}
	}
	if (!utf8_valid(text, len)) {
		mistakes_add(reading->loader->mistakes, &reading->file, "it is not UTF-8");
		return false;
	}
	if (text[strspn(text, " \t")] == '\n' || !text[strspn(text, " \t")]) {
		mistakes_add(reading->loader->mistakes, &reading->file,
				"the first line is the subject: it may not be empty");
		return false;
	}
	return true;
}

static const char *var_value(const struct loader *loader, const char *name, size_t len)
{
	for (size_t i = 0; i < loader->vars.len; i++) {
		const struct label *var = &loader->vars.items[i];

		if (strlen(var->name) == len && !memcmp(var->name, name, len)) {
			return var->value;
		}
	}
	return NULL;
}

/* A name of the letter stands before a var of the same name. */
static const char *look_up_var(const char *name, size_t len, void *arg)
{
	return notification_text_knows(name, len) ? NULL : var_value(arg, name, len);
}

static const char *look_up_any(const char *name, size_t len, void *arg)
{
	return notification_text_knows(name, len) ? "" : var_value(arg, name, len);
}

static void say_unknown(const struct reading *reading, const struct template_mistake *mistake,
		struct err *err)
{
	const char *piece = reading->text + mistake->begin;
	size_t len = mistake->end - mistake->begin;
	const char *nearest = NULL;

	if (len > strlen("${}")) {
		nearest = text_nearest(arena_strndup(reading->loader->arena, piece + 2, len - 3),
				template_variables);
	}
	if (nearest) {
		err_set(err, ERR_INPUT, "unknown name '%.*s', did you mean '${%s}'?",
				len > 64 ? 64 : (int)len, piece, nearest);
	}
	say(reading, mistake->begin, err->msg);
}

/* All mistakes of it. */
static bool is_right(const struct reading *reading)
{
	size_t before = reading->loader->mistakes->len;
	struct template_mistake mistake = { 0 };
	struct err err;

	while (template_check(reading->text, look_up_any, reading->loader, &mistake, &err) < 0) {
		say_unknown(reading, &mistake, &err);
	}
	return reading->loader->mistakes->len == before;
}

/* It is tried with sample facts: a notification must not fail at night. */
static void keep(const struct reading *reading, int kind)
{
	struct loader *loader = reading->loader;
	auto_buf struct buf out = { 0 };
	auto_buf struct buf subject = { 0 };
	auto_buf struct buf text = { 0 };
	struct err err;

	if (template_expand_known(reading->text, look_up_var, loader, &out, &err) < 0 ||
			notification_text_write(buf_text(&out), &notification_sample, &subject,
					&text, &err) < 0) {
		say(reading, 0, err.msg);
		return;
	}
	loader->config->templates[kind] = arena_strdup(loader->arena, buf_text(&out));
}

void load_template(struct loader *loader, const struct config_file *file, uint32_t number)
{
	struct reading reading = {
		.loader = loader,
		.file = { file->path, number, 1, 1 },
		.text = arena_strndup(loader->arena, file->text, file->len),
	};
	int kind = kind_of(&reading);

	if (kind < 0 || !is_text(&reading, file->len) || !is_right(&reading)) {
		return;
	}
	if (loader->config->templates[kind] != template_presets[kind]) {
		mistakes_add(loader->mistakes, &reading.file,
				"there is another template '%s' already",
				template_kind_names[kind]);
		return;
	}
	keep(&reading, kind);
}
