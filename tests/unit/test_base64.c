/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"

#include "test.h"

TEST(bytes_are_written_with_their_padding)
{
	/* RFC 4648, 10 */
	static const char *const rows[][2] = { { "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" },
		{ "foo", "Zm9v" }, { "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		auto_buf struct buf out = { 0 };

		base64_add(&out, rows[i][0], i);
		ck_str(buf_text(&out), rows[i][1]);
	}
}

TEST(all_bytes_are_bytes)
{
	static const unsigned char bytes[] = { 0, 0xff, 0xfe, 0x80, 0 };
	auto_buf struct buf out = { 0 };

	buf_adds(&out, "=");
	base64_add(&out, bytes, sizeof(bytes));
	ck_str(buf_text(&out), "=AP/+gAA=");
}
