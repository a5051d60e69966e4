/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log - one logfmt (or JSON) line per event on standard error, in slog's order.
 *
 *	log_info("run finished", LOG_INT("run", 42), LOG_STR("playbook", name));
 *	time=2026-11-22T22:40:42.158Z level=INFO role=core msg="run finished" run=42 playbook=disk
 *
 * Values may be anything: control characters (C0, DEL, C1), bidirectional controls, line and
 * paragraph separators and broken UTF-8 are escaped, so one event is always one line of at most
 * LOG_LINE_MAX bytes. errno is preserved. A line goes out in one write(2).
 *
 * Keys mean the same in every line: `error` is what went wrong, in words; `role` is the role that
 * an event is about, which is the one that writes the line unless a field says otherwise.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define LOG_LINE_MAX 8192

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_format { LOG_LOGFMT, LOG_JSON };

struct log_field {
	const char *key;  /* NULL ends the list */
	const char *text; /* NULL: the value is number */
	int64_t number;
};

static inline const char *log_text(const char *text)
{
	return text ? text : "";
}

/* NULL is written as "". */
#define LOG_STR(k, v)               \
	(struct log_field)          \
	{                           \
		(k), log_text(v), 0 \
	}
#define LOG_INT(k, v)                   \
	(struct log_field)              \
	{                               \
		(k), NULL, (int64_t)(v) \
	}

/* Borrows role for ever; it stands on every line ("" leaves it out). */
void log_setup(enum log_level level, enum log_format format, const char *role);
/* "debug", "info", "warn", "error"; "logfmt", "json". 0, or -1 with ERR_INPUT. */
int log_level_parse(const char *text, enum log_level *ret_level, struct err *err);
int log_format_parse(const char *text, enum log_format *ret_format, struct err *err);

void log_write(enum log_level level, const char *msg, const struct log_field *fields);

#define LOG_END               \
	(struct log_field)    \
	{                     \
		NULL, NULL, 0 \
	}
#define LOG_AT(level, msg, ...) log_write((level), (msg), (const struct log_field[]){ __VA_ARGS__ })
#define log_debug(...)          LOG_AT(LOG_DEBUG, __VA_ARGS__, LOG_END)
#define log_info(...)           LOG_AT(LOG_INFO, __VA_ARGS__, LOG_END)
#define log_warn(...)           LOG_AT(LOG_WARN, __VA_ARGS__, LOG_END)
#define log_error(...)          LOG_AT(LOG_ERROR, __VA_ARGS__, LOG_END)

#endif
