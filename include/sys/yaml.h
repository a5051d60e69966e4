/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml - one YAML 1.2 document as a tree of nodes that know where they stand. Wraps libfyaml.
 *
 * Only what a configuration needs: block and flow style, plain, quoted and literal (|) scalars, one
 * document. Anchors, aliases, tags, folded (>) scalars, double-quoted ones of several lines,
 * several documents, keys that are not scalars, duplicate keys, broken UTF-8 and control characters
 * are mistakes, each reported where it stands. So there is nothing that could make a small file
 * grow.
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
#include "sys/yaml_node.h"

#define YAML_TEXT_MAX  (4 * 1024 * 1024)
#define YAML_NODES_MAX 100000
#define YAML_DEPTH_MAX 32

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

#endif
