/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/head.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct field_row {
	const char *name;
	size_t len;
} field_rows[HEAD_FIELDS] = {
#define ROW(id, text) [id] = { text, sizeof(text) - 1 }
	ROW(HEAD_AUTHORIZATION, "Authorization"),
	ROW(HEAD_CONTENT_ENCODING, "Content-Encoding"),
	ROW(HEAD_CONTENT_LENGTH, "Content-Length"),
	ROW(HEAD_CONTENT_TYPE, "Content-Type"),
	ROW(HEAD_EXPECT, "Expect"),
	ROW(HEAD_HOST, "Host"),
	ROW(HEAD_IDEMPOTENCY_KEY, "Idempotency-Key"),
	ROW(HEAD_ORIGIN, "Origin"),
	ROW(HEAD_SEC_FETCH_SITE, "Sec-Fetch-Site"),
	ROW(HEAD_TRANSFER_ENCODING, "Transfer-Encoding"),
#undef ROW
};

static void fault(struct head *head, const char *what)
{
	if (head->fault.code == ERR_NONE) {
		err_set(&head->fault, ERR_INPUT, "%s", what);
	}
}

/* RFC 9110, 5.6.2. */
static bool is_token(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!isalnum((unsigned char)text[i]) && !strchr("!#$%&'*+-.^_`|~", text[i])) {
			return false;
		}
	}
	return len > 0;
}

static bool is_field_value(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f) {
			return false;
		}
	}
	return true;
}

/* The row of name, or HEAD_FIELDS. */
static size_t find_row(const char *name, size_t len)
{
	size_t i = 0;

	while (i < HEAD_FIELDS && (len != field_rows[i].len || strncasecmp(name, field_rows[i].name,
									       len) != 0)) {
		i++;
	}
	return i;
}

bool head_add(struct head *head, const char *name, size_t name_len, const char *value,
		size_t value_len)
{
	size_t row = find_row(name, name_len);

	if (++head->count > HEAD_FIELDS_MAX) {
		fault(head, "too many headers");
	} else if (!is_token(name, name_len) || !is_field_value(value, value_len)) {
		fault(head, "a header is not well-formed");
	} else if (row < HEAD_FIELDS && head->fields[row]) {
		fault(head, "a header that may stand once is there twice");
	} else if (row < HEAD_FIELDS) {
		head->fields[row] = value;
	}
	return head->fault.code == ERR_NONE;
}

static void check_length(struct head *head, const char *text)
{
	if (!*text || text[strspn(text, "0123456789")] != '\0') {
		fault(head, "Content-Length is not a number");
		return;
	}
	errno = 0;
	head->length = strtoull(text, NULL, 10);
	if (errno != 0) {
		head->length = UINT64_MAX;
	}
}

void head_check(struct head *head, const char *method, const char *version)
{
	const char *length = head->fields[HEAD_CONTENT_LENGTH];
	const char *coding = head->fields[HEAD_TRANSFER_ENCODING];
	bool one_one = !strcmp(version, "HTTP/1.1");

	if (!one_one && strcmp(version, "HTTP/1.0") != 0) {
		fault(head, "expected HTTP/1.1 or HTTP/1.0");
	}
	if (!is_token(method, strlen(method))) {
		fault(head, "the method is not well-formed");
	}
	if (one_one && !head->fields[HEAD_HOST]) {
		fault(head, "the Host header is missing");
	}
	if (coding && (length || !one_one || strcasecmp(coding, "chunked") != 0)) {
		fault(head, "expected Content-Length or Transfer-Encoding: chunked, one of them");
	}
	if (length) {
		check_length(head, length);
	}
}
