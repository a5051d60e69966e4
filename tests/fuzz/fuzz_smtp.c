/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as what a mail server says, in pieces of any size. Whatever it is, no more is said to
 * it than one mail: commands in their order, the text at most once, and nothing after the end.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sys/smtp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t count(const char *text, const char *part)
{
	size_t n = 0;

	for (; (text = strstr(text, part)) != NULL; text += strlen(part)) {
		n++;
	}
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char text[] = "Subject: s\r\n\r\n.\r\n";
	const struct smtp_mail mail = { "f@x", "a@x,b@x", text, sizeof(text) - 1 };
	size_t piece = size > 0 ? 1 + data[0] % 16 : 1;
	struct smtp smtp;

	smtp_begin(&smtp, &mail);
	for (size_t at = 1; at < size; at += piece) {
		smtp_hear(&smtp, data + at, size - at < piece ? size - at : piece);
	}

	const char *said = buf_text(&smtp.out);

	if (count(said, "MAIL FROM:") != 1 || count(said, "RCPT TO:") > 2 ||
			count(said, "DATA\r\n") > 1 || count(said, "\r\n.\r\n") > 1 ||
			count(said, "QUIT") != (smtp.state == SMTP_TAKEN) ||
			(smtp.state == SMTP_TAKEN && count(said, "RCPT TO:") != 2) ||
			(smtp.state == SMTP_REFUSED) != (*smtp.error != '\0')) {
		abort();
	}
	smtp_clear(&smtp);
	return 0;
}
