/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/digest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

void digest_sha256(const void *data, size_t len, uint8_t out[DIGEST_SIZE])
{
	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, data, len, out) < 0) {
		abort(); /* SHA-256 is always there; going on without identities is not possible */
	}
}

void digest_mac(const void *key, size_t key_len, const void *data, size_t len,
		uint8_t out[DIGEST_SIZE])
{
	if (gnutls_hmac_fast(GNUTLS_MAC_SHA256, key, key_len, data, len, out) < 0) {
		abort();
	}
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool digest_parse(const char *text, uint8_t ret_digest[DIGEST_SIZE])
{
	uint8_t digest[DIGEST_SIZE];

	if (strnlen(text, DIGEST_TEXT_MAX) != DIGEST_TEXT_MAX - 1) {
		return false;
	}
	for (size_t i = 0; i < DIGEST_SIZE; i++) {
		int high = hex_value(text[2 * i]);
		int low = hex_value(text[2 * i + 1]);

		if (high < 0 || low < 0) {
			return false;
		}
		digest[i] = (uint8_t)(high * 16 + low);
	}
	memcpy(ret_digest, digest, DIGEST_SIZE);
	return true;
}

const char *digest_text(const uint8_t digest[DIGEST_SIZE], char *text)
{
	static const char hex[] = "0123456789abcdef";

	for (size_t i = 0; i < DIGEST_SIZE; i++) {
		text[2 * i] = hex[digest[i] >> 4];
		text[2 * i + 1] = hex[digest[i] & 15];
	}
	text[DIGEST_TEXT_MAX - 1] = '\0';
	return text;
}

bool digest_equal(const uint8_t a[DIGEST_SIZE], const uint8_t b[DIGEST_SIZE])
{
	return gnutls_memcmp(a, b, DIGEST_SIZE) == 0;
}

void digest_random(void *out, size_t len)
{
	unsigned char *at = out;

	while (len > 0) {
		ssize_t n = getrandom(at, len, 0);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			abort();
		}
		at += n;
		len -= (size_t)n;
	}
}
