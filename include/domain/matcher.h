/* SPDX-License-Identifier: Apache-2.0 */
/*
 * matcher - one condition on a label, in Alertmanager's UTF-8 syntax.
 *
 *	alertname="ServiceCompletelyDown"    foo=~"a|b"    "name with space"!="x"    severity!~info
 *
 * Follows alertmanager/matcher/parse (docs: "Alertmanager configuration", matcher): operators
 * = != =~ !~; name and value bare (any UTF-8 but white space and {}!=~,\"'` ) or double-quoted with
 * the escapes of a Go string (\" \\ \n \t … \xNN \NNN \uNNNN \UNNNNNNNN; never U+0000); optional
 * braces around and a trailing comma are accepted, one matcher only; the name is not empty.
 * Regular expressions are anchored. An absent label has the value "".
 */
#ifndef DOMAIN_MATCHER_H
#define DOMAIN_MATCHER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "domain/label.h"
#include "sys/regex.h"

#define MATCHER_TEXT_MAX 4096

enum matcher_op { MATCHER_EQUAL, MATCHER_NOT_EQUAL, MATCHER_REGEX, MATCHER_NOT_REGEX, MATCHER_OPS };

/* "=", "!=", "=~", "!~". */
extern const char *const matcher_op_names[MATCHER_OPS];

struct matcher {
	const char *name;
	const char *value;
	uint8_t op;          /* enum matcher_op */
	struct regex *regex; /* compiled value of the two regex operators, else NULL */
};

/*
 * Read one matcher from text. Strings live in arena; the regex is freed by matcher_clear().
 * ERR_INPUT says "column 7: expected an operator (=, !=, =~ or !~)" (1-based, in characters).
 */
int matcher_parse(const char *text, struct arena *arena, struct matcher *ret, struct err *err);
/* Compile the regex of a matcher whose name, value and op came from elsewhere. */
int matcher_compile(struct matcher *matcher, struct err *err);
void matcher_clear(struct matcher *matcher);
/* 0 and *ret_match, or -1 with ERR_LIMIT when the regex gave up. */
int matcher_match(const struct matcher *matcher, const struct labels *labels, bool *ret_match,
		struct err *err);
/* All of them? The same return. No matchers match everything. */
int matchers_match(const struct matcher *matchers, size_t len, const struct labels *labels,
		bool *ret_match, struct err *err);

#endif
