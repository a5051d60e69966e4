/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/gunzip.h"

#include <stdlib.h>
#include <string.h>

#include "test.h"

/* printf 'hello, hello, hello' | gzip -n */
static const unsigned char hello[] = {
	0x1f,
	0x8b,
	0x08,
	0x00,
	0x00,
	0x00,
	0x00,
	0x00,
	0x02,
	0xff,
	0xcb,
	0x48,
	0xcd,
	0xc9,
	0xc9,
	0xd7,
	0x51,
	0xc8,
	0x40,
	0xa2,
	0x00,
	0x9f,
	0xa1,
	0xca,
	0x09,
	0x13,
	0x00,
	0x00,
	0x00,
};

/* The bytes of a gzip file with len zeros: stored blocks, made by hand, need no compressor. */
static struct buf zeros(size_t len)
{
	static const unsigned char head[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3 };
	static const unsigned char block[5] = { 0, 0, 0x80, 0xff, 0x7f }; /* 32768 bytes */
	char *none = calloc(1, 32768);
	struct buf out = { 0 };

	buf_add(&out, head, sizeof(head));
	for (; len > 0; len -= 32768) {
		buf_add(&out, block, sizeof(block));
		buf_add(&out, none, 32768);
	}
	free(none);
	return out;
}

static const char *inflate_to(const void *data, size_t len, size_t max, struct buf *out)
{
	static struct err err;

	err = (struct err){ 0 };
	return gunzip(data, len, max, out, &err) == 0 ? "" : err.msg;
}

TEST(what_was_compressed_is_as_it_was)
{
	auto_buf struct buf out = { 0 };

	buf_adds(&out, "> ");
	ck_str(inflate_to(hello, sizeof(hello), 100, &out), "");
	ck_str(buf_text(&out), "> hello, hello, hello");
}

TEST(the_bound_is_exact)
{
	auto_buf struct buf out = { 0 };

	ck_str(inflate_to(hello, sizeof(hello), 19, &out), "");
	buf_reset(&out);
	ck_str(inflate_to(hello, sizeof(hello), 18, &out),
			"the body is longer than 18 bytes when inflated");
	ck_int(out.len, 0);
	ck_str(inflate_to(hello, sizeof(hello), 0, &out),
			"the body is longer than 0 bytes when inflated");
}

/* It ends before it is inflated: no more than the bound is kept. */
TEST(a_bomb_is_noticed_while_it_grows)
{
	struct buf bomb = zeros((size_t)64 * 32768);
	auto_buf struct buf out = { 0 };

	ck_has(inflate_to(bomb.data, bomb.len, 65536, &out), "longer than 65536 bytes");
	ck(out.cap < 1024 * 1024);
	buf_clear(&bomb);
}

TEST(what_is_no_gzip_is_refused)
{
	unsigned char changed[sizeof(hello) + 1];
	auto_buf struct buf out = { 0 };

	for (size_t len = 0; len < sizeof(hello); len++) {
		ck_has(inflate_to(hello, len, 100, &out), "is not the gzip");
	}
	memcpy(changed, hello, sizeof(hello));
	changed[sizeof(hello) - 6] ^= 1; /* its checksum */
	ck_has(inflate_to(changed, sizeof(hello), 100, &out), "is not the gzip");
	memcpy(changed, hello, sizeof(hello));
	changed[sizeof(hello)] = 0;
	ck_has(inflate_to(changed, sizeof(changed), 100, &out), "something follows");
	ck_has(inflate_to("{}", 2, 100, &out), "is not the gzip");
	ck_int(out.len, 0);
}
