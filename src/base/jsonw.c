/* SPDX-License-Identifier: Apache-2.0 */
#include "base/jsonw.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"

struct jsonw jsonw_begin(struct buf *out)
{
	return (struct jsonw){ .out = out };
}

void jsonw_end(const struct jsonw *w)
{
	assert(w->depth == 0);
	(void)w;
}

/* Must not stand in a JSON text as it is: the syntax, HTML's, and what a terminal would obey. */
static bool plain(uint32_t code)
{
	static const bool special[0xa0] = {
		[0 ... 0x1f] = true,
		['"'] = true,
		['\\'] = true,
		['<'] = true,
		['>'] = true,
		['&'] = true,
		[0x7f ... 0x9f] = true,
	};

	return code < 0xa0 ? !special[code] : code != 0x2028 && code != 0x2029;
}

static void add_escaped(struct buf *out, uint32_t code)
{
	static const char shorts[][2] = {
		{ '"', '"' },
		{ '\\', '\\' },
		{ '\b', 'b' },
		{ '\f', 'f' },
		{ '\n', 'n' },
		{ '\r', 'r' },
		{ '\t', 't' },
	};

	for (size_t i = 0; i < sizeof(shorts) / sizeof(*shorts); i++) {
		if (code == (uint32_t)shorts[i][0]) {
			buf_addch(out, '\\');
			buf_addch(out, shorts[i][1]);
			return;
		}
	}
	buf_addf(out, "\\u%04x", (unsigned)code);
}

/* Long stretches of plain text go out in one piece. */
static void add_string(struct buf *out, const char *text, size_t len)
{
	size_t begin = 0;
	size_t at = 0;

	buf_addch(out, '"');
	while (at < len) {
		uint32_t code = (unsigned char)text[at];
		size_t n = code < 0x80 ? 1 : utf8_next(text + at, len - at, &code);

		if (n && plain(code)) {
			at += n;
			continue;
		}
		buf_add(out, text + begin, at - begin);
		if (n) {
			add_escaped(out, code);
		} else {
			buf_adds(out, "\xef\xbf\xbd");
		}
		at += n ? n : 1;
		begin = at;
	}
	buf_add(out, text + begin, at - begin);
	buf_addch(out, '"');
}

/* What stands before a value: the comma, and the member's name. */
static void lead_in(struct jsonw *w, const char *key)
{
	if (w->comma) {
		buf_addch(w->out, ',');
	}
	w->comma = true;
	if (key) {
		add_string(w->out, key, strlen(key));
		buf_addch(w->out, ':');
	}
}

static void open_bracket(struct jsonw *w, const char *key, char opener, char closer)
{
	lead_in(w, key);
	assert(w->depth < JSONW_DEPTH_MAX);
	w->closers[w->depth++] = closer;
	w->comma = false;
	buf_addch(w->out, opener);
}

void jsonw_object(struct jsonw *w, const char *key)
{
	open_bracket(w, key, '{', '}');
}

void jsonw_array(struct jsonw *w, const char *key)
{
	open_bracket(w, key, '[', ']');
}

void jsonw_close(struct jsonw *w)
{
	assert(w->depth > 0);
	buf_addch(w->out, w->closers[--w->depth]);
	w->comma = true;
}

void jsonw_strn(struct jsonw *w, const char *key, const char *text, size_t len)
{
	lead_in(w, key);
	add_string(w->out, text, len);
}

void jsonw_str(struct jsonw *w, const char *key, const char *text)
{
	if (!text) {
		jsonw_null(w, key);
		return;
	}
	jsonw_strn(w, key, text, strlen(text));
}

void jsonw_int(struct jsonw *w, const char *key, int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, value);
	lead_in(w, key);
	buf_adds(w->out, text);
}

void jsonw_id(struct jsonw *w, const char *key, int64_t id)
{
	if (id) {
		jsonw_int(w, key, id);
	} else {
		jsonw_null(w, key);
	}
}

void jsonw_bool(struct jsonw *w, const char *key, bool value)
{
	lead_in(w, key);
	buf_adds(w->out, value ? "true" : "false");
}

void jsonw_null(struct jsonw *w, const char *key)
{
	lead_in(w, key);
	buf_adds(w->out, "null");
}

void jsonw_time(struct jsonw *w, const char *key, int64_t ms)
{
	char text[CLOCK_TEXT_MAX];

	jsonw_str(w, key, ms ? clock_format(ms, text) : NULL);
}

void jsonw_raw(struct jsonw *w, const char *key, const char *json)
{
	lead_in(w, key);
	buf_adds(w->out, json ? json : "null");
}
