/* SPDX-License-Identifier: Apache-2.0 */
/*
 * digest - SHA-256 (FIPS 180-4) and HMAC with it, from GnuTLS, and the comparison that takes the
 * same time always.
 */
#ifndef SYS_DIGEST_H
#define SYS_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DIGEST_SIZE     32
#define DIGEST_TEXT_MAX 65

void digest_sha256(const void *data, size_t len, uint8_t out[DIGEST_SIZE]);
/* HMAC-SHA-256 (RFC 2104) of data under key. */
void digest_mac(const void *key, size_t key_len, const void *data, size_t len,
		uint8_t out[DIGEST_SIZE]);
/* Read 64 lower-case hex digits. Returns false when text is anything else. */
bool digest_parse(const char *text, uint8_t ret_digest[DIGEST_SIZE]);
/* 64 lower-case hex digits; text has DIGEST_TEXT_MAX. Returns text. */
const char *digest_text(const uint8_t digest[DIGEST_SIZE], char *text);
/* True when equal; time does not depend on where they differ. */
bool digest_equal(const uint8_t a[DIGEST_SIZE], const uint8_t b[DIGEST_SIZE]);
/* Fill out with len bytes of the kernel's randomness (getrandom(2)). Aborts when there is none. */
void digest_random(void *out, size_t len);

#endif
