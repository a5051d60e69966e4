/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/smtp.h"

#include <string.h>

#include "test.h"

static const char text[] = "Subject: s\r\n\r\n.\r\n..a\r\nb.\r\n";
static const struct smtp_mail mail = { "f@x", "a@x, b@y", text, sizeof(text) - 1 };

/* The server says reply; what we say then. */
static void ck_step(struct smtp *smtp, const char *reply, const char *said)
{
	smtp_hear(smtp, reply, strlen(reply));
	ck_str(buf_text(&smtp->out), said);
	buf_consume(&smtp->out, smtp->out.len);
}

TEST(a_mail_is_told_step_by_step)
{
	struct smtp smtp;

	smtp_begin(&smtp, &mail);
	ck_step(&smtp, "", "MAIL FROM:<f@x>\r\n");
	ck_step(&smtp, "250 ok\r\n", "RCPT TO:<a@x>\r\n");
	ck_step(&smtp, "250 ok\r\n", "RCPT TO:<b@y>\r\n");
	ck_step(&smtp, "251-will\r\n251 forward\r\n", "DATA\r\n");
	ck_step(&smtp, "354 go\r\n", "Subject: s\r\n\r\n..\r\n...a\r\nb.\r\n.\r\n");
	ck_int(smtp.state, SMTP_GOES_ON);
	ck_step(&smtp, "250 taken\r\n", "QUIT\r\n");
	ck_int(smtp.state, SMTP_TAKEN);
	ck_int(smtp.code, 250);
	ck_step(&smtp, "500 whatever\r\n", "");
	ck_int(smtp.state, SMTP_TAKEN);
	smtp_clear(&smtp);
}

TEST(a_text_without_a_last_line_end_gets_one)
{
	const struct smtp_mail open_end = { "f@x", "a@x", "x", 1 };
	struct smtp smtp;

	smtp_begin(&smtp, &open_end);
	smtp_hear(&smtp, "250\r\n250\r\n", 10);
	buf_consume(&smtp.out, smtp.out.len);
	ck_step(&smtp, "354\n", "x\r\n.\r\n");
	smtp_clear(&smtp);
}

TEST(answers_may_come_in_pieces)
{
	const char *reply = "250-first\r\n250-second\r\n250 last\r\n";
	struct smtp smtp;

	smtp_begin(&smtp, &mail);
	buf_consume(&smtp.out, smtp.out.len);
	for (; *reply; reply++) {
		ck_int(smtp.out.len, 0);
		smtp_hear(&smtp, reply, 1);
	}
	ck_str(buf_text(&smtp.out), "RCPT TO:<a@x>\r\n");
	smtp_clear(&smtp);
}

static void ck_refused(const char *replies, int code, const char *error)
{
	struct smtp smtp;

	smtp_begin(&smtp, &mail);
	smtp_hear(&smtp, replies, strlen(replies));
	ck_int(smtp.state, SMTP_REFUSED);
	ck_int(smtp.code, code);
	ck_str(smtp.error, error);
	smtp_clear(&smtp);
}

TEST(a_refusal_says_at_what)
{
	ck_refused("550 no\r\n", 550, "MAIL: 550");
	ck_refused("250 ok\r\n450 later\r\n", 450, "RCPT: 450");
	ck_refused("250 ok\r\n250 ok\r\n553-no\r\n553 no\r\n", 553, "RCPT: 553");
	ck_refused("250 ok\r\n250 ok\r\n250 ok\r\n250 not 354\r\n", 250, "DATA: 250");
	ck_refused("250 1\r\n250 2\r\n250 3\r\n354 4\r\n554 spam\r\n", 554, "the mail: 554");
}

TEST(what_is_not_smtp_is_a_refusal_without_a_code)
{
	char endless[SMTP_REPLY_MAX + 16];

	memset(endless, 'x', sizeof(endless));
	endless[sizeof(endless) - 1] = '\0';
	ck_refused("HTTP/1.1 400 Bad Request\r\n", 0, "MAIL was not answered in SMTP");
	ck_refused("25\r\n", 0, "MAIL was not answered in SMTP");
	ck_refused("250ok\r\n", 0, "MAIL was not answered in SMTP");
	ck_refused("\r\n", 0, "MAIL was not answered in SMTP");
	ck_refused(endless, 0, "MAIL was answered at too great a length");
}
