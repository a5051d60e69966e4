/*
 * args - the query parameters of a request, decoded and checked by the rules of its route; the
 * fields of its body (front/fields.h) join them.
 */
#ifndef FRONT_ARGS_H
#define FRONT_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "domain/label.h"
#include "domain/matcher.h"

#define ARGS_MAX         32 /* parameters in one query */
#define ARGS_FILTERS_MAX 16
#define ARG_TEXT_MAX     256 /* bytes, of ARG_TEXT */
#define ARG_PROSE_MAX    8192
#define ARG_CURSOR_MAX   64
#define ARG_LIMIT_MAX    1000
#define ARG_DURATION_MAX (INT64_C(366) * 24 * 3600 * 1000) /* ms */

enum arg_kind {
	ARG_BOOL,     /* true or false; sent on as it is */
	ARG_CURSOR,   /* digits and colons */
	ARG_DIGEST,   /* 64 hex digits, in lower case */
	ARG_DURATION, /* Prometheus's, not 0; sent on as milliseconds */
	ARG_LIMIT,    /* 1 to ARG_LIMIT_MAX */
	ARG_MAP,      /* of a body only: an object of texts; each goes on as NAME.KEY */
	ARG_MATCHER,  /* may be repeated; goes to filters */
	ARG_NUMBER,
	ARG_PROSE, /* up to ARG_PROSE_MAX bytes; may have newlines and tabs */
	ARG_TEXT,  /* without control characters */
	ARG_TIME,  /* RFC 3339; sent on as milliseconds */
	ARG_WORD,  /* one of words */
	ARG_KINDS
};

struct arg_rule {
	const char *name;
	uint8_t kind;             /* enum arg_kind */
	const char *const *words; /* ARG_WORD */
	size_t words_len;
	bool required; /* of a body only: there, and not empty */
};

/* Lives in the arena it was read into, but for the filters' patterns. Zeroed is empty. */
struct args {
	struct labels values; /* by name, each once */
	struct matcher *filters;
	size_t filters_len;
};

/*
 * Read query (raw, without the '?'). ERR_INPUT names the parameter: "limit: expected a number from
 * 1 to 1000", "unknown parameter 'limt'; known are: cursor, limit". Caller clears with
 * args_clear(), after failure too.
 */
int args_read(const char *query, const struct arg_rule *rules, size_t len, struct arena *arena,
		struct args *ret, struct err *err);
/*
 * Check value by rule and add it, under the rule's name. Borrows both until args is used. The
 * caller sorts the values at the end.
 */
int args_add(const struct arg_rule *rule, const char *value, struct arena *arena, struct args *args,
		struct err *err);
/* Append "unknown WHAT 'name'; known are: …" for a name that no rule has. Returns -1. */
int args_unknown(const char *what, const char *name, const struct arg_rule *rules, size_t len,
		struct err *err);
/* Frees the filters' patterns. */
void args_clear(struct args *args);

#endif
