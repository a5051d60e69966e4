/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as subject and text of a mail (a NUL ends the first). Whatever they are: each line ends
 * in CRLF, is ASCII and not long, and there are the headers that there should be, and no others.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "domain/mail.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The line at text, which is one that a mail may have; returns what is after it. */
static const char *check_line(const char *text, size_t *ret_len)
{
	size_t len = strcspn(text, "\r\n");

	if (len > 998 || strncmp(text + len, "\r\n", 2) != 0) {
		abort();
	}
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)text[i] >= 0x80 || (text[i] < ' ' && text[i] != '\t')) {
			abort();
		}
	}
	*ret_len = len;
	return text + len + 2;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *subject = xstrndup((const char *)data, size < 512 ? size : 512);
	size_t used = strlen(subject) < size ? strlen(subject) + 1 : size;
	char *text = xstrndup((const char *)data + used, size - used);
	const struct mail mail = { "f@x", "a@x", subject, text, 1, 1000, 0 };
	auto_buf struct buf out = { 0 };
	const char *line;
	size_t headers = 0;
	size_t len;

	mail_write(&mail, &out);
	line = buf_text(&out);
	if (strlen(line) != out.len) {
		abort();
	}
	do {
		headers += *line != ' ' && *line != '\r';
		line = check_line(line, &len);
	} while (len > 0);
	if (headers != 9) {
		abort();
	}
	while (*line) {
		line = check_line(line, &len);
		if (len > 76) {
			abort();
		}
	}
	free(subject);
	free(text);
	return 0;
}
