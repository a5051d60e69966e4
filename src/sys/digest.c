#include "sys/digest.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

void digest_sha256(const void *data, size_t len, uint8_t out[DIGEST_SIZE])
{
	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, data, len, out) < 0) {
		abort(); /* SHA-256 is always there; going on without identities is not possible */
	}
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
