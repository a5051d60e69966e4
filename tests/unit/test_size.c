/* SPDX-License-Identifier: Apache-2.0 */
#include "base/size.h"

#include "test.h"

#define LEN(a) (sizeof(a) / sizeof(*(a)))

TEST(a_size_is_a_whole_number_and_a_unit)
{
	static const struct {
		const char *text;
		int64_t bytes;
	} rows[] = {
		{ "0", 0 },
		{ "4096", 4096 },
		{ "1B", 1 },
		{ "1KB", 1024 },
		{ "64MB", INT64_C(64) << 20 },
		{ "64MiB", INT64_C(64) << 20 },
		{ "3GB", INT64_C(3) << 30 },
		{ "2TiB", INT64_C(2) << 40 },
		{ "9223372036854775807", INT64_MAX },
	};
	struct err err;

	for (size_t i = 0; i < LEN(rows); i++) {
		int64_t bytes = -1;

		ck_int(size_parse(rows[i].text, &bytes, &err), 0);
		ck_int(bytes, rows[i].bytes);
	}
}

TEST(what_is_no_size_is_refused)
{
	static const char *const rows[] = { "", "MB", "-1MB", "1.5MB", "1 MB", "1mb", "1MBB", "x" };
	static const char *const large[] = { "9223372036854775808", "8388608TB",
		"99999999999999999999B" };
	struct err err;
	int64_t bytes = 7;

	for (size_t i = 0; i < LEN(rows); i++) {
		ck_int(size_parse(rows[i], &bytes, &err), -1);
		ck_int(err.code, ERR_INPUT);
		ck_has(err.msg, "expected a size such as 64MB");
	}
	for (size_t i = 0; i < LEN(large); i++) {
		ck_int(size_parse(large[i], &bytes, &err), -1);
		ck_has(err.msg, "out of range");
	}
	ck_int(bytes, 7);
}
