/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arg_rules - what a request may be given: the names, kinds and limits of its query parameters and
 * of the fields of its body. Data only; front/args.h and front/fields.h read by it.
 */
#ifndef WIRE_ARG_RULES_H
#define WIRE_ARG_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
/* A value of each kind, in words: "true or false", "a number from 1 to 1000" … */
extern const char *const arg_kind_texts[ARG_KINDS];

struct arg_rule {
	const char *name;
	uint8_t kind;             /* enum arg_kind */
	const char *const *words; /* ARG_WORD */
	size_t words_len;
	bool required; /* of a body only: there, and not empty */
};

/* Sorted by name. */
struct arg_rules {
	const struct arg_rule *items;
	size_t len;
};

/* The rule of that name, or NULL. */
const struct arg_rule *arg_rules_find(const struct arg_rules *rules, const char *name);

#endif
