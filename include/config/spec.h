/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spec - what keys a section of the configuration may have, as a table, and the one reader of such
 * tables.
 *
 *	static const struct spec guards[] = {
 *		{ "cooldown", "pause between two runs", SPEC_DURATION,
 *		  SPEC_FIELD(struct playbook, guards.cooldown_ms), .max = 365 * DAY_MS },
 *		{ 0 },
 *	};
 *
 * Rows are read in the order of the table, not of the file: what others depend on stands first.
 * Mistakes go to loader->mistakes; a field whose value is a mistake keeps what it had.
 */
#ifndef CONFIG_SPEC_H
#define CONFIG_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/loader.h"
#include "config/text.h"
#include "sys/yaml.h"

#define SPEC_TEXT_MAX 4096 /* bytes of a string, when its row says nothing else */
#define DAY_MS        (INT64_C(24) * 3600 * 1000)

/* The C type of the field stands beside. */
enum spec_type {
	SPEC_BOOL,     /* bool */
	SPEC_INT,      /* any integer of 1, 4 or 8 bytes; min to max */
	SPEC_DURATION, /* int64_t, milliseconds; min to max */
	SPEC_SIZE,     /* int64_t, bytes; min to max */
	SPEC_CHOICE,   /* uint8_t or bool: the position in choices */
	SPEC_WORD,     /* const char *: one of choices */
	SPEC_STRING,   /* const char *, at most max bytes; format says what else it must be */
	SPEC_STRINGS,  /* const char *const *, NULL-terminated; min to max elements */
	SPEC_MAPPING,  /* the table `keys`, into the same struct */
	SPEC_CUSTOM    /* load() */
};

enum spec_flags {
	SPEC_REQUIRED = 1 << 0,
	SPEC_EMPTY = 1 << 1, /* the string, or each of the strings, may be empty */
	/* names in strings, as text.h has them */
	SPEC_VARS = TEXT_VARS,
	SPEC_PARAMS = TEXT_PARAMS,
	SPEC_LABELS = TEXT_LABELS,
	SPEC_OPEN = TEXT_OPEN,
};

struct spec {
	const char *key;
	const char *help; /* what it is, as the end of "missing key 'name': …" */
	uint8_t type;     /* enum spec_type */
	uint16_t offset, size;
	uint8_t flags;
	int64_t min, max;
	const char *const *choices; /* NULL-terminated */
	/* NULL when text is right, else what was expected, like "an absolute path". */
	const char *(*format)(const char *text);
	const struct spec *keys;
	/* base is the struct that the table is for. */
	void (*load)(struct loader *loader, const struct yaml_node *node, void *base);
};

#define SPEC_FIELD(type, field) \
	.offset = offsetof(type, field), .size = sizeof(((type *)NULL)->field)

/*
 * Read the mapping node into base by table, whose last row has no key. Bit i of the return is set
 * when the key of row i was given, right or wrong. *ret_given may be NULL. False, and one mistake,
 * when node is no mapping.
 */
bool spec_load(struct loader *loader, const struct spec *table, const struct yaml_node *node,
		void *base, uint64_t *ret_given);

/*
 * Exactly one of the first len keys of table must be given. Returns its row, or -1 after saying
 * what is wrong.
 */
int spec_one_of(struct loader *loader, const struct spec *table, size_t len,
		const struct yaml_node *node, uint64_t given);

/* Is node a list of min to max elements? (Nothing at all is an empty list.) False after a mistake.
 */
bool spec_list(struct loader *loader, const struct yaml_node *node, int64_t min, int64_t max);

/* The text of a scalar by the rules of row, in arena; NULL after a mistake. */
const char *spec_string(
		struct loader *loader, const struct spec *row, const struct yaml_node *node);
/* The one of row's choices that a scalar is; NULL after a mistake. */
const char *spec_word(struct loader *loader, const struct spec *row, const struct yaml_node *node);

#endif
