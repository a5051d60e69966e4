/*
 * yaml - one YAML 1.2 document as a tree of nodes that know where they stand. Wraps libfyaml.
 *
 * Only what a configuration needs: block and flow style, all scalar styles, one document. Anchors,
 * aliases, merges, tags, several documents, keys that are not scalars, duplicate keys, broken UTF-8
 * and control characters are mistakes, each reported where it stands. So there is nothing that
 * could make a small file grow.
 *
 * Scalars are text; what "5m" or "true" means is the reader's business. yaml_is_null() tells the
 * plain nulls.
 *
 * Limits: YAML_TEXT_MAX bytes, YAML_NODES_MAX nodes, YAML_DEPTH_MAX levels.
 */
#ifndef SYS_YAML_H
#define SYS_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "sys/mistakes.h"

#define YAML_TEXT_MAX  (4 * 1024 * 1024)
#define YAML_NODES_MAX 100000
#define YAML_DEPTH_MAX 32

enum yaml_kind { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

struct yaml_node {
	struct place place; /* of the first character, a quote included */
	uint8_t kind;       /* enum yaml_kind */
	bool plain;         /* scalar without quotes, | or > */
	bool quoted;        /* scalar in ' or " */
	bool verbatim;      /* scalar whose text stands in the file as it is, on one line */
	uint32_t len;       /* scalar: bytes of text; else the number of children */
	const char *text;   /* scalar: its value; no NUL inside */
	const struct yaml_node *key;   /* of a mapping's value */
	const struct yaml_node *child; /* sequence, mapping: the first value */
	const struct yaml_node *next;  /* the next value of the same sequence or mapping */
	const char *source;            /* scalar: what stands in the file, source_len bytes */
	uint32_t source_len;
};

/* What to read. text is borrowed for as long as the nodes are used; so is path. */
struct yaml_source {
	const char *path;
	uint32_t file; /* see struct place */
	const char *text;
	size_t len;
};

/*
 * Read the document. Nodes live in arena. Returns true and the root, which is NULL for a document
 * with nothing in it; or false when the text is no YAML or beyond the limits. Mistakes are added
 * in both cases: true with mistakes means that the tree is there and can be checked further.
 */
bool yaml_parse(const struct yaml_source *source, struct arena *arena, struct mistakes *mistakes,
		const struct yaml_node **ret_root);

/* The value of key in a mapping, or NULL (of anything else too). */
const struct yaml_node *yaml_get(const struct yaml_node *node, const char *key);
/* Is it null, ~ or nothing at all, without quotes? */
bool yaml_is_null(const struct yaml_node *node);
/* "a mapping", "a list", "nothing" or the scalar's text in quotes, cut short; text has
 * YAML_DESCRIBE_MAX. Returns text. */
#define YAML_DESCRIBE_MAX 64
const char *yaml_describe(const struct yaml_node *node, char *text);

/* Where character number column (from 1) of a scalar's text stands; the scalar's own place when
 * its text is not in the file as it is. */
struct place yaml_place_at(const struct yaml_node *node, uint32_t column);
/* Where the first part of a scalar that reads so stands; the scalar's own place if none does. */
struct place yaml_place_of(const struct yaml_node *node, const char *part);

/* for (yaml_each(item, node)) { … } */
#define yaml_each(item, node)                         \
	const struct yaml_node *item = (node)->child; \
	item;                                         \
	item = item->next

#endif
