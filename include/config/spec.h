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

#include "base/mem.h"
#include "domain/playbook.h"
#include "sys/mistakes.h"
#include "sys/yaml.h"

#define SPEC_TEXT_MAX 4096 /* bytes of a string, when its row says nothing else */
#define DAY_MS        (INT64_C(24) * 3600 * 1000)

struct config;
struct secret_name;

/* A `check:` that names a check, to be looked up when all files are read. */
struct check_name {
	struct place place;
	const char *name;
	const struct param *params; /* of the playbook that names it */
	size_t params_len;
};

/* What is known while files are read. Everything in it lives in arena, or on the heap until
 * config_parse() returns. */
struct loader {
	struct arena *arena;
	struct mistakes *mistakes;
	struct config *config;
	struct labels vars;              /* constants, as they are written */
	const struct playbook *playbook; /* the one being read: its params may be named; or NULL */

	struct playbook *playbooks;
	struct place *playbook_places;
	size_t playbooks_len, playbooks_cap, playbook_places_cap;
	struct check *checks;
	struct place *check_places;
	size_t checks_len, checks_cap, check_places_cap;
	struct check_name *names;
	size_t names_len, names_cap;
	struct secret_name *secrets;
	size_t secrets_len, secrets_cap;
};

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
	SPEC_VARS = 1 << 1,   /* ${name} of a var is replaced, and "$$" is "$" */
	SPEC_PARAMS = 1 << 2, /* a template: vars are filled in, params stay */
	SPEC_LABELS = 1 << 3, /* with SPEC_PARAMS: ${labels.NAME} and ${annotations.NAME} too */
	SPEC_EMPTY = 1 << 4,  /* the string, or each of the strings, may be empty */
	SPEC_OPEN = 1 << 5    /* with SPEC_PARAMS: any other name may be a param of somebody's */
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
