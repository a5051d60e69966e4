/* SPDX-License-Identifier: Apache-2.0 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "sys/regex.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <pcre2.h>

#include "base/mem.h"

#define MATCH_LIMIT    100000
#define HEAP_LIMIT_KIB 8192

struct regex {
	pcre2_code *code;
	pcre2_match_context *context;
	pcre2_match_data *data;
};

static void *or_die(void *p)
{
	if (!p) {
		abort();
	}
	return p;
}

/* The column of the character at byte offset, from 1. */
static size_t column_at(const char *pattern, size_t offset)
{
	size_t column = 1;

	for (size_t i = 0; i < offset && pattern[i]; i++) {
		column += ((unsigned char)pattern[i] & 0xc0) != 0x80;
	}
	return column;
}

static int compile(const char *pattern, pcre2_code **ret_code, struct err *err)
{
	/* no UCP: \d and \w are ASCII, as in RE2 */
	const uint32_t options = PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_DOTALL |
				 PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C;
	unsigned char what[256];
	size_t offset = 0;
	int code = 0;

	*ret_code = pcre2_compile(
			(PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, options, &code, &offset, NULL);
	if (!*ret_code) {
		pcre2_get_error_message(code, what, sizeof(what));
		return err_set(err, ERR_INPUT, "regular expression '%.256s': column %zu: %s",
				pattern, column_at(pattern, offset), (const char *)what);
	}
	return 0;
}

struct regex *regex_new(const char *pattern, struct err *err)
{
	pcre2_code *code = NULL;

	if (strlen(pattern) > REGEX_PATTERN_MAX) {
		err_set(err, ERR_INPUT, "regular expression longer than %d bytes",
				REGEX_PATTERN_MAX);
		return NULL;
	}
	if (compile(pattern, &code, err) < 0) {
		return NULL;
	}

	struct regex *regex = xcalloc(1, sizeof(*regex));

	regex->code = code;
	regex->context = or_die(pcre2_match_context_create(NULL));
	pcre2_set_match_limit(regex->context, MATCH_LIMIT);
	pcre2_set_heap_limit(regex->context, HEAP_LIMIT_KIB);
	/* room for the whole match only: nobody asks for groups */
	regex->data = or_die(pcre2_match_data_create(1, NULL));
	return regex;
}

void regex_free(struct regex *regex)
{
	if (!regex) {
		return;
	}
	pcre2_match_data_free(regex->data);
	pcre2_match_context_free(regex->context);
	pcre2_code_free(regex->code);
	free(regex);
}

int regex_match(const struct regex *regex, const char *text, bool *ret_match, struct err *err)
{
	size_t len = strlen(text);

	if (len > REGEX_SUBJECT_MAX) {
		return err_set(err, ERR_LIMIT,
				"text of %zu bytes is too long for a regular expression", len);
	}

	int rc = pcre2_match(regex->code, (PCRE2_SPTR)text, len, 0, 0, regex->data, regex->context);

	if (rc < 0 && rc != PCRE2_ERROR_NOMATCH) {
		unsigned char what[256];

		pcre2_get_error_message(rc, what, sizeof(what));
		return err_set(err, ERR_LIMIT, "regular expression gave up: %s",
				(const char *)what);
	}
	*ret_match = rc >= 0;
	return 0;
}
