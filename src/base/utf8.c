/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <string.h>

/* What a first byte promises: how long the character is, and the bounds of its second byte. */
struct lead {
	uint8_t first, last; /* range of first bytes */
	uint8_t len;
	uint8_t low, high; /* range of the second byte: shuts out overlong forms and surrogates */
};

static const struct lead leads[] = {
	{ 0x00, 0x7f, 1, 0, 0 },
	{ 0xc2, 0xdf, 2, 0x80, 0xbf },
	{ 0xe0, 0xe0, 3, 0xa0, 0xbf },
	{ 0xe1, 0xec, 3, 0x80, 0xbf },
	{ 0xed, 0xed, 3, 0x80, 0x9f },
	{ 0xee, 0xef, 3, 0x80, 0xbf },
	{ 0xf0, 0xf0, 4, 0x90, 0xbf },
	{ 0xf1, 0xf3, 4, 0x80, 0xbf },
	{ 0xf4, 0xf4, 4, 0x80, 0x8f },
};

static const struct lead *lead_of(uint8_t byte)
{
	for (size_t i = 0; i < sizeof(leads) / sizeof(*leads); i++) {
		if (byte >= leads[i].first && byte <= leads[i].last) {
			return &leads[i];
		}
	}
	return NULL;
}

size_t utf8_next(const char *text, size_t len, uint32_t *ret_code)
{
	const unsigned char *p = (const unsigned char *)text;
	const struct lead *lead = len ? lead_of(p[0]) : NULL;

	if (!lead || lead->len > len) {
		return 0;
	}
	if (lead->len == 1) {
		*ret_code = p[0];
		return 1;
	}
	if (p[1] < lead->low || p[1] > lead->high) {
		return 0;
	}

	uint32_t code = p[0] & (0xffu >> (lead->len + 1));

	for (size_t i = 1; i < lead->len; i++) {
		if ((p[i] & 0xc0) != 0x80) {
			return 0;
		}
		code = code << 6 | (p[i] & 0x3fu);
	}
	*ret_code = code;
	return lead->len;
}

bool utf8_valid(const char *text, size_t len)
{
	uint32_t code;

	for (size_t at = 0; at < len;) {
		size_t n = utf8_next(text + at, len - at, &code);

		if (!n) {
			return false;
		}
		at += n;
	}
	return true;
}

size_t utf8_whole(const char *text, size_t max)
{
	size_t len = strnlen(text, max + 1);

	if (len <= max) {
		return len;
	}
	for (len = max; len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80;) {
		len--;
	}
	return len;
}

void utf8_copy(const char *text, char *ret, size_t size)
{
	size_t len = utf8_whole(text, size - 1);

	memcpy(ret, text, len);
	ret[len] = '\0';
}

bool utf8_is_control(uint32_t code)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{ 0x00, 0x1f },
		{ 0x7f, 0x9f },
		{ 0x200e, 0x200f },
		{ 0x2028, 0x202e },
		{ 0x2066, 0x2069 },
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++) {
		if (code >= ranges[i].first && code <= ranges[i].last) {
			return true;
		}
	}
	return false;
}
