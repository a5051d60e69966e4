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
