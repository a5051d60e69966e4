/* SPDX-License-Identifier: Apache-2.0 */
/*
 * label - sorted sets of name/value pairs, and what identifies them.
 */
#ifndef DOMAIN_LABEL_H
#define DOMAIN_LABEL_H

#include <stddef.h>
#include <stdint.h>

#include "sys/digest.h"

#define LABEL_FINGERPRINT_MAX 17

struct label {
	const char *name;  /* UTF-8, not empty */
	const char *value; /* UTF-8, may be empty */
};

/* Sorted by name (bytes), no name twice. Borrows its strings. */
struct labels {
	struct label *items;
	size_t len;
};

/* Sort in place. */
void labels_sort(struct labels *labels);
/* The value of name, or NULL. The order does not matter. */
const char *labels_get(const struct labels *labels, const char *name);
/* The value of name, or "": an absent label equals an empty one in Prometheus. */
const char *labels_value(const struct labels *labels, const char *name);

/*
 * Alertmanager's fingerprint: FNV-1a 64 over name 0xFF value 0xFF of each label in order, as
 * "%016x" (prometheus/common model/signature.go). text has LABEL_FINGERPRINT_MAX. Returns text.
 */
const char *labels_fingerprint(const struct labels *labels, char *text);

/* What the alert is: SHA-256 over the canonical, length-prefixed sorted pairs. */
void labels_identity(const struct labels *labels, uint8_t identity[DIGEST_SIZE]);

#endif
