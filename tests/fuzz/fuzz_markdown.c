/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as text, code, quotation and block: what comes out is text, code, a quotation, a block.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "domain/markdown.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
	if (!holds) {
		abort();
	}
}

static size_t run_of(const char *text, char c)
{
	size_t n = 0;

	while (text[n] == c) {
		n++;
	}
	return n;
}

/* One line of text: whatever means something is escaped, or stands in a code span of marks. */
static void check_line(const char *text)
{
	must(!strchr("#+-=:> ", *text) || !*text);
	must(strspn(text, "0123456789") == 0 || !strchr(".)", text[strspn(text, "0123456789")]) ||
			!text[strspn(text, "0123456789")]);
	for (const char *c = text; *c; c++) {
		must(*c != '\n');
		if (*c == '\\') {
			must(*++c != '\0' && (unsigned char)*c < 0x80);
		} else if (*c == '`') {
			const char *end = strchr(c + 1, '`');

			must(end && end > c + 1 && run_of(end, '`') == 1);
			must(strspn(c + 1, "@:/wW.") >= (size_t)(end - c - 1));
			c = end;
		} else {
			must(!strchr("*_{}[]<>&|~$@", *c) && strncmp(c, "://", 3) != 0);
			must(strncasecmp(c, "www.", 4) != 0);
		}
	}
}

static void check_code(const char *text)
{
	size_t fence = run_of(text, '`');
	size_t len = strlen(text);

	must(!strchr(text, '\n'));
	if (fence == 0) {
		must(!strcmp(text, "–"));
		return;
	}
	if (len > 3 && !strcmp(text + len - 3, "…")) {
		len -= 3;
	}
	for (size_t at = fence; at < len; at++) {
		size_t n = run_of(text + at, '`');

		must(n != fence || at + n == len);
		at += n;
	}
	must(len > 2 * fence);
}

static void check_quote(char *text)
{
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		must(!strncmp(line, "  > ", 4));
		check_line(line + 4);
	}
}

static void check_block(const char *text)
{
	size_t fence = run_of(text, '`');
	const char *line = text;
	size_t closings = 0;

	must(fence >= 3);
	while ((line = strchr(line, '\n')) && line[1]) {
		line++;
		closings += run_of(line, '`') >= fence;
	}
	must(closings == 1);
	must(strlen(text) >= 2 * fence + 2 &&
			run_of(text + strlen(text) - fence - 1, '`') == fence);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xstrndup((const char *)data, size);
	struct buf out = { 0 };

	markdown_text(&out, text);
	must(utf8_valid(buf_text(&out), out.len));
	check_line(buf_text(&out));
	buf_reset(&out);
	markdown_code(&out, text, 64);
	check_code(buf_text(&out));
	buf_reset(&out);
	markdown_quote(&out, "  ", text);
	check_quote((char *)out.data);
	buf_reset(&out);
	markdown_block(&out, (const char *)data, size);
	must(utf8_valid(buf_text(&out), out.len));
	check_block(buf_text(&out));
	buf_clear(&out);
	free(text);
	return 0;
}
