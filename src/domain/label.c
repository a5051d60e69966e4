/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/label.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

static int by_name(const void *a, const void *b)
{
	const struct label *left = a;
	const struct label *right = b;

	return strcmp(left->name, right->name);
}

void labels_sort(struct labels *labels)
{
	if (labels->len > 1) {
		qsort(labels->items, labels->len, sizeof(*labels->items), by_name);
	}
}

const char *labels_get(const struct labels *labels, const char *name)
{
	for (size_t i = 0; i < labels->len; i++) {
		if (!strcmp(labels->items[i].name, name)) {
			return labels->items[i].value;
		}
	}
	return NULL;
}

const char *labels_value(const struct labels *labels, const char *name)
{
	const char *value = labels_get(labels, name);

	return value ? value : "";
}

/* FNV-1a over the text and the separator, a byte that UTF-8 never has. */
static uint64_t fnv_add(uint64_t hash, const char *text)
{
	const uint64_t prime = UINT64_C(1099511628211);

	for (; *text; text++) {
		hash = (hash ^ (unsigned char)*text) * prime;
	}
	return (hash ^ 0xff) * prime;
}

const char *labels_fingerprint(const struct labels *labels, char *text)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < labels->len; i++) {
		hash = fnv_add(hash, labels->items[i].name);
		hash = fnv_add(hash, labels->items[i].value);
	}
	snprintf(text, LABEL_FINGERPRINT_MAX, "%016" PRIx64, hash);
	return text;
}

/* The length in 4 bytes, big end first, then the text: no two sets give the same bytes. */
static void add_prefixed(struct buf *out, const char *text)
{
	size_t len = strlen(text);
	const uint8_t prefix[] = { (uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8),
		(uint8_t)len };

	buf_add(out, prefix, sizeof(prefix));
	buf_add(out, text, len);
}

void labels_identity(const struct labels *labels, uint8_t identity[DIGEST_SIZE])
{
	auto_buf struct buf canonical = { 0 };

	for (size_t i = 0; i < labels->len; i++) {
		add_prefixed(&canonical, labels->items[i].name);
		add_prefixed(&canonical, labels->items[i].value);
	}
	digest_sha256(buf_text(&canonical), canonical.len, identity);
}
