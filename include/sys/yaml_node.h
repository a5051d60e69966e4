/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml_node - a node of a YAML document: what it is, and where it stands.
 *
 * Plain data, made by yaml_parse(). A mapping's children are its values; each knows its key.
 */
#ifndef SYS_YAML_NODE_H
#define SYS_YAML_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sys/mistakes.h"

enum yaml_kind { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

struct yaml_node {
	struct place place; /* of the first character, a quote included */
	uint8_t kind;       /* enum yaml_kind */
	bool plain;         /* scalar without quotes or | */
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
