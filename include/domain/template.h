/* SPDX-License-Identifier: Apache-2.0 */
/*
 * template - text with ${name} in it.
 *
 * One pass: a value is never looked at again. "$$" is a literal "$"; a "$" before anything else
 * than
 * "{" or "$" is itself. Names are [A-Za-z_][A-Za-z0-9_.-]*.
 */
#ifndef DOMAIN_TEMPLATE_H
#define DOMAIN_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/* The value of a name, or NULL when there is no such name. len bytes, not NUL-terminated. */
typedef const char *(*template_lookup)(const char *name, size_t len, void *arg);

/*
 * Append text with every ${name} replaced. ERR_INPUT: "unknown name '${servce}'", "'${a b}': not a
 * name" or "'${' without '}'"; what was appended so far stays in out.
 */
int template_expand(const char *text, template_lookup lookup, void *arg, struct buf *out,
		struct err *err);

/*
 * Replace only the names that lookup knows, and leave every other ${name} and every "$$" as it
 * stands (for vars, which are filled in when the configuration is loaded). The result is a template
 * still: each "$" of a value is doubled, so that the last pass gives the value back as it is.
 * ERR_INPUT: "'${' without '}'".
 */
int template_expand_known(const char *text, template_lookup lookup, void *arg, struct buf *out,
		struct err *err);

/*
 * The next ${name} at or after *at, which is moved behind it: its name, of *ret_len bytes, or NULL
 * when there is none.
 */
const char *template_next_name(const char **at, size_t *ret_len);

/* Where a mistake stands, in bytes. Zeroed, the first is looked for. */
struct template_mistake {
	size_t begin;
	size_t end; /* behind it */
};

/*
 * Look for the next mistake of template_expand() in text, behind the one that is in mistake: -1
 * with err, and mistake says where; 0 when there are none left.
 */
int template_check(const char *text, template_lookup lookup, void *arg,
		struct template_mistake *mistake, struct err *err);

/* Is there any ${name} in it? */
bool template_has_names(const char *text);

#endif
