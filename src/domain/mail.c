/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/mail.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/base64.h"
#include "base/utf8.h"

#define LINE_MAX_QP 76
#define WORD_BYTES  45 /* of text in one encoded word, which is at most 75 characters long */

static const char *domain_of(const char *address)
{
	const char *at = strrchr(address, '@');

	return at ? at + 1 : "localhost";
}

/* "Sun, 22 Nov 2026 22:40:42 +0000". The names are those of the RFC, whatever the locale. */
static void add_date(struct buf *out, int64_t ms)
{
	static const char days[][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug",
		"Sep", "Oct", "Nov", "Dec" };
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm = { 0 };

	gmtime_r(&seconds, &tm);
	buf_addf(out, "Date: %s, %d %s %d %02d:%02d:%02d +0000\r\n", days[tm.tm_wday], tm.tm_mday,
			months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* The value of a header, which is one line whatever text is. */
static void add_header(struct buf *out, const char *name, const char *text)
{
	buf_addf(out, "%s: ", name);
	for (const char *c = text; *c; c++) {
		buf_addch(out, (unsigned char)*c < 0x20 || *c == 0x7f ? ' ' : *c);
	}
	buf_adds(out, "\r\n");
}

static bool is_plain(const char *text)
{
	for (const char *c = text; *c; c++) {
		if ((unsigned char)*c >= 0x7f || (c[0] == '=' && c[1] == '?')) {
			return false;
		}
	}
	return true;
}

/* How much of text goes into the next encoded word: whole characters only. */
static size_t word_len(const char *text, size_t len)
{
	size_t used = 0;

	while (used < len) {
		uint32_t code;
		size_t n = utf8_next(text + used, len - used, &code);

		n = n > 0 ? n : 1;
		if (used + n > WORD_BYTES) {
			break;
		}
		used += n;
	}
	return used;
}

static void add_subject(struct buf *out, const char *subject)
{
	auto_buf struct buf clean = { 0 };
	size_t len = strlen(subject);

	if (is_plain(subject)) {
		add_header(out, "Subject", subject);
		return;
	}
	for (const char *c = subject; *c; c++) {
		buf_addch(&clean, (unsigned char)*c < 0x20 || *c == 0x7f ? ' ' : *c);
	}
	buf_adds(out, "Subject:");
	for (size_t at = 0; at < len;) {
		const char *text = buf_text(&clean) + at;
		size_t n = word_len(text, len - at);

		buf_adds(out, at > 0 ? "\r\n =?utf-8?B?" : " =?utf-8?B?");
		base64_add(out, text, n);
		buf_adds(out, "?=");
		at += n;
	}
	buf_adds(out, "\r\n");
}

static void add_ids(struct buf *out, const struct mail *mail)
{
	const char *domain = domain_of(mail->from);

	buf_addf(out, "Message-ID: <%" PRId64 ".%" PRId64 ".playbookd@%s>\r\n", mail->id,
			mail->time_ms, domain);
	if (mail->incident) {
		buf_addf(out, "References: <incident.%" PRId64 ".playbookd@%s>\r\n", mail->incident,
				domain);
	}
}

static bool is_literal(unsigned char c, bool last)
{
	return (c >= 33 && c <= 126 && c != '=') || ((c == ' ' || c == '\t') && !last);
}

static void add_quoted(struct buf *out, const char *text)
{
	size_t column = 0;

	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		bool literal = is_literal(*c, c[1] == '\n' || c[1] == '\0');
		size_t width = literal ? 1 : 3;

		if (*c == '\n') {
			buf_adds(out, "\r\n");
			column = 0;
			continue;
		}
		if (column + width >= LINE_MAX_QP) {
			buf_adds(out, "=\r\n");
			column = 0;
		}
		if (literal) {
			buf_addch(out, (char)*c);
		} else {
			buf_addf(out, "=%02X", *c);
		}
		column += width;
	}
	if (column > 0) {
		buf_adds(out, "\r\n");
	}
}

void mail_write(const struct mail *mail, struct buf *out)
{
	add_date(out, mail->time_ms);
	add_header(out, "From", mail->from);
	add_header(out, "To", mail->to);
	add_ids(out, mail);
	add_subject(out, mail->subject);
	buf_adds(out, "MIME-Version: 1.0\r\n"
		      "Content-Type: text/plain; charset=utf-8\r\n"
		      "Content-Transfer-Encoding: quoted-printable\r\n"
		      "Auto-Submitted: auto-generated\r\n"
		      "\r\n");
	add_quoted(out, mail->text);
}
