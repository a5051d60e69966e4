/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/markdown.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"

#define REPLACEMENT "\xef\xbf\xbd"
#define NOTHING     "–"

/* Mean something wherever they stand, and what means something only where a line begins. */
static const char special[] = "\\`*_{}[]<>&|~$";
static const char special_first[] = "#+-=:";

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* How many bytes of text would become a link or a mention; 0: none. */
static size_t link_mark(const char *text, size_t len)
{
	static const char *const marks[] = { "://", "www.", "@" };

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		size_t n = strlen(marks[i]);

		if (n <= len && !strncasecmp(text, marks[i], n)) {
			return n;
		}
	}
	return 0;
}

/* Marks that follow each other stand in one code span: two would be none. */
static size_t add_marks(struct buf *out, const char *text, size_t len)
{
	size_t all = 0;
	size_t n;

	while ((n = link_mark(text + all, len - all))) {
		all += n;
	}
	if (all) {
		buf_addch(out, '`');
		buf_add(out, text, all);
		buf_addch(out, '`');
	}
	return all;
}

/* The next character as it is shown; returns how many bytes of text it was. */
static size_t add_shown(struct buf *out, const char *text, size_t len)
{
	uint32_t code;
	size_t n = utf8_next(text, len, &code);

	if (n == 0 || utf8_is_control(code)) {
		buf_adds(out, REPLACEMENT);
	} else {
		buf_add(out, text, n);
	}
	return n ? n : 1;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "12." and "12)" begin a list. Returns how many digits there are before such a mark. */
static size_t ordinal(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && is_digit(text[n])) {
		n++;
	}
	return n && n < len && (text[n] == '.' || text[n] == ')') ? n : 0;
}

/* One line, without the blanks around it. */
static void add_line(struct buf *out, const char *text, size_t len)
{
	size_t at;

	while (len && is_blank(text[len - 1])) {
		len--;
	}
	while (len && is_blank(*text)) {
		text++;
		len--;
	}
	at = ordinal(text, len);
	buf_add(out, text, at);
	if (at || (len && strchr(special_first, *text))) {
		buf_addch(out, '\\');
		buf_addch(out, text[at++]);
	}
	while (at < len) {
		size_t marks = add_marks(out, text + at, len - at);

		if (marks) {
			at += marks;
		} else if (is_blank(text[at])) {
			buf_addch(out, ' ');
			at++;
		} else {
			if (strchr(special, text[at]) && text[at]) {
				buf_addch(out, '\\');
			}
			at += add_shown(out, text + at, len - at);
		}
	}
}

void markdown_text(struct buf *out, const char *text)
{
	size_t before = out->len;

	add_line(out, text ? text : "", text ? strlen(text) : 0);
	if (out->len == before) {
		buf_adds(out, NOTHING);
	}
}

/* The longest run of backticks. */
static size_t longest_run(const char *text, size_t len)
{
	size_t longest = 0;
	size_t run = 0;

	for (size_t i = 0; i < len; i++) {
		run = text[i] == '`' ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	return longest;
}

static void add_fence(struct buf *out, size_t n)
{
	while (n-- > 0) {
		buf_addch(out, '`');
	}
}

/* At most max bytes of text, whole characters. */
static size_t cut(const char *text, size_t max)
{
	size_t len = strlen(text);

	if (len <= max) {
		return len;
	}
	while (max > 0 && (text[max] & 0xC0) == 0x80) {
		max--;
	}
	return max;
}

void markdown_code(struct buf *out, const char *text, size_t max)
{
	size_t len = text ? cut(text, max) : 0;
	size_t fence = len ? longest_run(text, len) + 1 : 0;
	/* A blank at both sides is taken away; a backtick at the edge needs one. */
	bool pad = len && (text[0] == '`' || text[len - 1] == '`' || is_blank(text[0]) ||
					  is_blank(text[len - 1]));

	if (len == 0 || strspn(text, " \t\r\n") >= len) {
		buf_adds(out, NOTHING);
		return;
	}
	add_fence(out, fence);
	buf_adds(out, pad ? " " : "");
	for (size_t at = 0; at < len;) {
		if (is_blank(text[at])) {
			buf_addch(out, ' ');
			at++;
		} else {
			at += add_shown(out, text + at, len - at);
		}
	}
	buf_adds(out, pad ? " " : "");
	add_fence(out, fence);
	buf_adds(out, text[len] ? "…" : "");
}

void markdown_quote(struct buf *out, const char *indent, const char *text)
{
	do {
		size_t len = strcspn(text, "\n");
		size_t before;

		buf_adds(out, indent);
		buf_adds(out, "> ");
		before = out->len;
		add_line(out, text, len);
		text += len + (text[len] == '\n');
		/* Two blanks at the end: the line ends here, too, when it is shown. */
		buf_adds(out, out->len > before && *text && *text != '\n' ? "  \n" : "\n");
	} while (*text);
}

void markdown_block(struct buf *out, const char *text, size_t len)
{
	size_t fence = longest_run(text, len) + 1;

	fence = fence < 3 ? 3 : fence;
	add_fence(out, fence);
	buf_addch(out, '\n');
	for (size_t at = 0; at < len;) {
		if (text[at] == '\n' || text[at] == '\t') {
			buf_addch(out, text[at++]);
		} else {
			at += add_shown(out, text + at, len - at);
		}
	}
	buf_adds(out, len && text[len - 1] == '\n' ? "" : "\n");
	add_fence(out, fence);
	buf_addch(out, '\n');
}
