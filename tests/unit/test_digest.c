/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/digest.h"

#include <string.h>

#include "test.h"

TEST(sha256_is_that_of_fips_180_4)
{
	static const struct {
		const char *data;
		const char *text;
	} rows[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
				"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c"
				"1" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint8_t digest[DIGEST_SIZE];
		char text[DIGEST_TEXT_MAX];

		digest_sha256(rows[i].data, strlen(rows[i].data), digest);
		ck_str(digest_text(digest, text), rows[i].text);
	}
}

TEST(digests_are_equal_only_when_every_byte_is)
{
	uint8_t a[DIGEST_SIZE] = { 0 };
	uint8_t b[DIGEST_SIZE] = { 0 };

	ck(digest_equal(a, b));
	for (size_t i = 0; i < DIGEST_SIZE; i++) {
		b[i] = 1;
		ck(!digest_equal(a, b));
		b[i] = 0;
	}
}

/* RFC 4231, test case 2. */
TEST(a_mac_is_that_of_the_rfc)
{
	static const char data[] = "what do ya want for nothing?";
	uint8_t mac[DIGEST_SIZE];
	char text[DIGEST_TEXT_MAX];

	digest_mac("Jefe", 4, data, strlen(data), mac);
	ck_str(digest_text(mac, text),
			"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(only_64_hex_digits_in_lower_case_are_a_digest)
{
	char text[DIGEST_TEXT_MAX + 1] = "";
	uint8_t digest[DIGEST_SIZE];
	uint8_t again[DIGEST_SIZE];

	digest_sha256("x", 1, digest);
	digest_text(digest, text);
	ck(digest_parse(text, again));
	ck(digest_equal(digest, again));
	text[64] = '0';
	ck(!digest_parse(text, again));
	text[63] = '\0';
	ck(!digest_parse(text, again));
	memset(text, 'A', 64);
	text[64] = '\0';
	ck(!digest_parse(text, again));
	memset(text, 'g', 64);
	ck(!digest_parse(text, again));
	ck(!digest_parse("", again));
	ck(digest_equal(digest, again));
}

TEST(randomness_fills_exactly_what_was_asked_for)
{
	uint8_t bytes[1000] = { 0 };
	size_t zeros = 0;

	digest_random(bytes, sizeof(bytes) - 1);
	ck_int(bytes[sizeof(bytes) - 1], 0);
	for (size_t i = 0; i < sizeof(bytes) - 1; i++) {
		zeros += bytes[i] == 0;
	}
	/* about 4 are to be expected; 64 have a chance of less than 10^-40 */
	ck(zeros < 64);
	digest_random(bytes, 0);
}
