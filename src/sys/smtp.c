/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/smtp.h"

#include <stdio.h>
#include <string.h>

enum step { STEP_MAIL, STEP_RCPT, STEP_DATA, STEP_TEXT, STEPS };

/* The first digit of the answer that each step wants, and what the step is called. */
static const struct {
	const char *name;
	char wants;
} steps[STEPS] = {
	[STEP_MAIL] = { "MAIL", '2' },
	[STEP_RCPT] = { "RCPT", '2' },
	[STEP_DATA] = { "DATA", '3' },
	[STEP_TEXT] = { "the mail", '2' },
};

static void split_addresses(struct smtp *smtp, const char *to)
{
	while (*to) {
		size_t skip = strspn(to, ", ");
		size_t len = strcspn(to + skip, ", ");

		if (len > 0) {
			strv_addf(&smtp->to, "%.*s", (int)len, to + skip);
		}
		to += skip + len;
	}
}

/* A dot before a line that begins with one, and a line with a dot alone at the end. */
static void stuff(struct buf *out, const char *text, size_t len)
{
	bool begins = true;

	for (size_t i = 0; i < len; i++) {
		if (begins && text[i] == '.') {
			buf_addch(out, '.');
		}
		buf_addch(out, text[i]);
		begins = text[i] == '\n';
	}
	buf_adds(out, begins ? ".\r\n" : "\r\n.\r\n");
}

void smtp_begin(struct smtp *smtp, const struct smtp_mail *mail)
{
	*smtp = (struct smtp){ .state = SMTP_GOES_ON };
	split_addresses(smtp, mail->to);
	stuff(&smtp->text, mail->text, mail->text_len);
	buf_addf(&smtp->out, "MAIL FROM:<%s>\r\n", mail->from);
}

void smtp_clear(struct smtp *smtp)
{
	buf_clear(&smtp->out);
	buf_clear(&smtp->text);
	buf_clear(&smtp->reply);
	strv_clear(&smtp->to);
	*smtp = (struct smtp){ 0 };
}

static void refuse(struct smtp *smtp, const char *why)
{
	smtp->state = SMTP_REFUSED;
	snprintf(smtp->error, sizeof(smtp->error), "%s%s", steps[smtp->step].name, why);
}

/* The answer that was wanted is there: what is said next. */
static void say_next(struct smtp *smtp)
{
	if (smtp->step == STEP_TEXT) {
		smtp->state = SMTP_TAKEN;
		buf_adds(&smtp->out, "QUIT\r\n");
		return;
	}
	if (smtp->step == STEP_MAIL || (smtp->step == STEP_RCPT && smtp->told < smtp->to.len)) {
		smtp->step = STEP_RCPT;
		if (smtp->told < smtp->to.len) {
			buf_addf(&smtp->out, "RCPT TO:<%s>\r\n", smtp->to.items[smtp->told++]);
			return;
		}
	}
	if (smtp->step == STEP_RCPT) {
		smtp->step = STEP_DATA;
		buf_adds(&smtp->out, "DATA\r\n");
		return;
	}
	smtp->step = STEP_TEXT;
	buf_add(&smtp->out, smtp->text.data, smtp->text.len);
}

static bool is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

/* One line without its end: "250-more follows", "250 the last", "250". */
static void take_line(struct smtp *smtp)
{
	const unsigned char *line = smtp->reply.data;
	size_t len = smtp->reply.len;

	if (len < 3 || !is_digit(line[0]) || !is_digit(line[1]) || !is_digit(line[2]) ||
			(len > 3 && line[3] != '-' && line[3] != ' ')) {
		smtp->code = 0;
		refuse(smtp, " was not answered in SMTP");
		return;
	}
	if (len > 3 && line[3] == '-') {
		return;
	}
	smtp->reply_len = 0;
	smtp->code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
	if ((char)line[0] == steps[smtp->step].wants) {
		say_next(smtp);
	} else {
		char why[16];

		snprintf(why, sizeof(why), ": %d", smtp->code);
		refuse(smtp, why);
	}
}

void smtp_hear(struct smtp *smtp, const void *data, size_t len)
{
	const char *text = data;

	for (size_t i = 0; i < len && smtp->state == SMTP_GOES_ON; i++) {
		if (++smtp->reply_len > SMTP_REPLY_MAX) {
			smtp->code = 0;
			refuse(smtp, " was answered at too great a length");
			return;
		}
		if (text[i] != '\n') {
			buf_addch(&smtp->reply, text[i]);
			continue;
		}
		if (smtp->reply.len > 0 && smtp->reply.data[smtp->reply.len - 1] == '\r') {
			smtp->reply.len--;
		}
		take_line(smtp);
		buf_reset(&smtp->reply);
	}
}
