/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/utf8.h"

/* Always kept free, for what is written after a cut: mark, quote, a field, brace, newline. */
#define CUT_ROOM 32

static const struct {
	const char *name;
	const char *upper;
} levels[] = {
	[LOG_DEBUG] = { "debug", "DEBUG" },
	[LOG_INFO] = { "info", "INFO" },
	[LOG_WARN] = { "warn", "WARN" },
	[LOG_ERROR] = { "error", "ERROR" },
};

static const char *const formats[] = { [LOG_LOGFMT] = "logfmt", [LOG_JSON] = "json" };

/* The one global of the house: every floor's edge logs, and there is one standard error. */
static struct {
	enum log_level level;
	enum log_format format;
	const char *role;
} state = { LOG_INFO, LOG_LOGFMT, "" };

struct line {
	char text[LOG_LINE_MAX];
	size_t len;
	size_t field; /* where the current field begins */
	bool quoted;  /* inside a quoted value */
	bool cut;     /* something did not fit: nothing more goes in */
};

void log_setup(enum log_level level, enum log_format format, const char *role)
{
	state.level = level;
	state.format = format;
	state.role = role;
}

int log_level_parse(const char *text, enum log_level *ret_level, struct err *err)
{
	for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++) {
		if (!strcmp(text, levels[i].name)) {
			*ret_level = (enum log_level)i;
			return 0;
		}
	}
	return err_set(err, ERR_INPUT, "log level '%s': expected debug, info, warn or error", text);
}

int log_format_parse(const char *text, enum log_format *ret_format, struct err *err)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
		if (!strcmp(text, formats[i])) {
			*ret_format = (enum log_format)i;
			return 0;
		}
	}
	return err_set(err, ERR_INPUT, "log format '%s': expected logfmt or json", text);
}

static size_t line_room(const struct line *line)
{
	return sizeof(line->text) - CUT_ROOM - line->len;
}

static void put(struct line *line, const char *text, size_t len)
{
	if (line->cut || len > line_room(line)) {
		line->cut = true;
		return;
	}
	memcpy(line->text + line->len, text, len);
	line->len += len;
}

static void put_text(struct line *line, const char *text)
{
	put(line, text, strlen(text));
}

/* As Go's strconv.Quote writes it, which is what slog does; JSON knows only \u for the rest. */
static void put_escape(struct line *line, uint32_t code)
{
	static const char shorts[][2] = {
		{ '"', '"' },
		{ '\\', '\\' },
		{ '\n', 'n' },
		{ '\r', 'r' },
		{ '\t', 't' },
	};
	char text[12];

	for (size_t i = 0; i < sizeof(shorts) / sizeof(*shorts); i++) {
		if (code == (uint32_t)shorts[i][0]) {
			put(line, (const char[]){ '\\', shorts[i][1] }, 2);
			return;
		}
	}
	if (code < 0x80 && state.format == LOG_LOGFMT) {
		snprintf(text, sizeof(text), "\\x%02x", (unsigned)code);
	} else {
		snprintf(text, sizeof(text), "\\u%04x", (unsigned)code);
	}
	put_text(line, text);
}

/* A byte that is not UTF-8: \xNN; JSON has no such escape, so there the backslash is escaped. */
static void put_byte(struct line *line, unsigned char byte)
{
	char text[8];

	snprintf(text, sizeof(text), "%s\\x%02x", state.format == LOG_JSON ? "\\" : "", byte);
	put_text(line, text);
}

static bool needs_quotes(const char *text)
{
	size_t len = strlen(text);
	uint32_t code = 0;

	for (size_t at = 0; at < len;) {
		size_t n = utf8_next(text + at, len - at, &code);

		if (!n || code == ' ' || code == '=' || code == '"' || utf8_is_control(code)) {
			return true;
		}
		at += n;
	}
	return len == 0;
}

static void put_quoted(struct line *line, const char *text)
{
	size_t len = strlen(text);

	put(line, "\"", 1);
	line->quoted = !line->cut;
	for (size_t at = 0; at < len && !line->cut;) {
		uint32_t code = 0;
		size_t n = utf8_next(text + at, len - at, &code);

		if (!n) {
			put_byte(line, (unsigned char)text[at]);
		} else if (code == '"' || code == '\\' || utf8_is_control(code)) {
			put_escape(line, code);
		} else {
			put(line, text + at, n);
		}
		at += n ? n : 1;
	}
	put(line, "\"", 1);
	if (!line->cut) {
		line->quoted = false;
	}
}

static void put_key(struct line *line, const char *key)
{
	bool json = state.format == LOG_JSON;

	line->field = line->len;
	if (line->len) {
		put_text(line, json ? "," : " ");
	} else if (json) {
		put_text(line, "{");
	}
	put_text(line, json ? "\"" : "");
	put_text(line, key);
	put_text(line, json ? "\":" : "=");
}

static void put_field(struct line *line, const struct log_field *field)
{
	char number[24];

	if (line->cut) {
		return;
	}
	put_key(line, field->key);
	if (!field->text) {
		snprintf(number, sizeof(number), "%" PRId64, field->number);
		put_text(line, number);
		return;
	}
	/* a long value is quoted too, since only a quoted one can be cut in the middle */
	if (state.format == LOG_JSON || needs_quotes(field->text) ||
			strlen(field->text) > line_room(line)) {
		put_quoted(line, field->text);
	} else {
		put_text(line, field->text);
	}
}

/* End the line; after a cut it is still well-formed, and says so. */
static void finish(struct line *line)
{
	bool json = state.format == LOG_JSON;
	const char *mark = "";

	if (line->cut && line->quoted) {
		mark = json ? "…\",\"cut\":true" : "…\" cut=true";
	} else if (line->cut) {
		line->len = line->field;
		mark = json ? ",\"cut\":true" : " cut=true";
	}

	size_t room = sizeof(line->text) - line->len;

	line->len += (size_t)snprintf(
			line->text + line->len, room, "%s%s\n", mark, json ? "}" : "");
}

static bool is_role(const struct log_field *field)
{
	return strcmp(field->key, "role") == 0;
}

/* The role that an event is about, else the one that writes it. */
static const char *role_of(const struct log_field *fields)
{
	for (; fields->key; fields++) {
		if (is_role(fields)) {
			return log_text(fields->text);
		}
	}
	return state.role;
}

void log_write(enum log_level level, const char *msg, const struct log_field *fields)
{
	const char *role = role_of(fields);
	int saved = errno;
	char now[CLOCK_TEXT_MAX];
	struct line line;

	if (level < state.level) {
		return;
	}
	line.len = 0;
	line.field = 0;
	line.quoted = false;
	line.cut = false;
	put_field(&line, &LOG_STR("time", clock_format(clock_wall_ms(), now)));
	put_field(&line, &LOG_STR("level", levels[level].upper));
	if (*role) {
		put_field(&line, &LOG_STR("role", role));
	}
	put_field(&line, &LOG_STR("msg", msg));
	for (; fields->key; fields++) {
		if (!is_role(fields)) {
			put_field(&line, fields);
		}
	}
	finish(&line);

	/* one write, so that lines of several processes never mix; there is nobody to tell if it
	 * fails */
	ssize_t n = write(STDERR_FILENO, line.text, line.len);

	(void)n;
	errno = saved;
}
