/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/mail.h"

#include <stdbool.h>
#include <string.h>

#include "test.h"

static const struct mail plain = { .from = "playbookd@example.org",
	.to = "a@example.org, b@example.org",
	.subject = "argus is down",
	.text = "one\ntwo\n",
	.id = 12,
	.time_ms = INT64_C(1795387242158),
	.incident = 7 };

static void ck_line(const struct mail *mail, const char *line)
{
	auto_buf struct buf out = { 0 };

	mail_write(mail, &out);
	ck_has(buf_text(&out), line);
}

TEST(a_mail_has_its_headers_and_its_text)
{
	auto_buf struct buf out = { 0 };

	mail_write(&plain, &out);
	ck_str(buf_text(&out), "Date: Sun, 22 Nov 2026 22:40:42 +0000\r\n"
			       "From: playbookd@example.org\r\n"
			       "To: a@example.org, b@example.org\r\n"
			       "Message-ID: <12.1795387242158.playbookd@example.org>\r\n"
			       "References: <incident.7.playbookd@example.org>\r\n"
			       "Subject: argus is down\r\n"
			       "MIME-Version: 1.0\r\n"
			       "Content-Type: text/plain; charset=utf-8\r\n"
			       "Content-Transfer-Encoding: quoted-printable\r\n"
			       "Auto-Submitted: auto-generated\r\n"
			       "\r\n"
			       "one\r\ntwo\r\n");
}

/* Every line ends in CRLF, no other CR or LF is there, none is longer than 998 (RFC 5322, 2.1.1).
 */
static void ck_lines(const struct buf *out)
{
	size_t column = 0;

	for (size_t i = 0; i < out->len; i++) {
		if (out->data[i] == '\r') {
			must(i + 1 < out->len && out->data[i + 1] == '\n');
			column = 0;
			i++;
			continue;
		}
		must(out->data[i] != '\n');
		must(out->data[i] < 0x80);
		must(++column <= 998);
	}
	ck_int(column, 0);
}

TEST(nothing_in_a_header_begins_another_one)
{
	struct mail evil = plain;
	auto_buf struct buf out = { 0 };

	evil.subject = "x\r\nBcc: eve@example.org\r\n\r\nbody";
	mail_write(&evil, &out);
	ck_has(buf_text(&out), "Subject: x  Bcc: eve@example.org    body\r\nMIME");
	evil.subject = "ü\r\nBcc: eve@example.org";
	mail_write(&evil, &out);
	ck(!strstr(buf_text(&out), "\nBcc"));
	ck_lines(&out);
}

TEST(a_subject_that_is_not_ascii_is_encoded)
{
	struct mail mail = plain;

	mail.subject = "Störung";
	ck_line(&mail, "\r\nSubject: =?utf-8?B?U3TDtnJ1bmc=?=\r\n");
	mail.subject = "=?utf-8?B?eA==?= is no encoding";
	ck_line(&mail, "\r\nSubject: =?utf-8?B?PT91dGYtOD9CP2VBPT0/PSBpcyBubyBlbmNvZGluZw==?=\r\n");
	/* 22 characters of two bytes are 44 of the 45 that go into a word: none is cut in two. */
	mail.subject = "ääääääääääääääääääääääb";
	ck_line(&mail, "DpMOkw6Ri?=\r\nMIME");
	mail.subject = "äääääääääääääääääääääää";
	ck_line(&mail, "DpMOkw6Q=?=\r\n =?utf-8?B?w6Q=?=\r\nMIME");
}

TEST(a_text_is_quoted_where_it_must_be)
{
	struct mail mail = plain;

	mail.text = "a = b\ntrailing \ttab\t\nend ";
	ck_line(&mail, "\r\n\r\na =3D b\r\ntrailing \ttab=09\r\nend=20\r\n");
	mail.text = "ü";
	ck_line(&mail, "\r\n\r\n=C3=BC\r\n");
	mail.text = "";
	ck_line(&mail, "auto-generated\r\n\r\n");
	mail.text = "\n\n.\n";
	ck_line(&mail, "auto-generated\r\n\r\n\r\n\r\n.\r\n");
}

TEST(no_line_is_long)
{
	auto_buf struct buf out = { 0 };
	char text[5000];
	struct mail mail = plain;
	size_t longest = 0;

	memset(text, '=', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	mail.text = text;
	mail_write(&mail, &out);
	ck_lines(&out);
	for (const char *line = strstr(buf_text(&out), "\r\n\r\n") + 4; *line;) {
		size_t len = strcspn(line, "\r");

		longest = len > longest ? len : longest;
		line += len + 2;
	}
	ck_int(longest <= 76, true);
}
