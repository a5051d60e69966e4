/* SPDX-License-Identifier: Apache-2.0 */
#include "base/size.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* The power of two that unit stands for, or -1. */
static int shift_of(const char *unit)
{
	static const struct {
		const char *name;
		int shift;
	} rows[] = {
		{ "", 0 },
		{ "B", 0 },
		{ "KB", 10 },
		{ "KiB", 10 },
		{ "MB", 20 },
		{ "MiB", 20 },
		{ "GB", 30 },
		{ "GiB", 30 },
		{ "TB", 40 },
		{ "TiB", 40 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!strcmp(rows[i].name, unit)) {
			return rows[i].shift;
		}
	}
	return -1;
}

int size_parse(const char *text, int64_t *ret_bytes, struct err *err)
{
	const char *at = text;
	int64_t amount = 0;
	bool over = false;

	for (; *at >= '0' && *at <= '9'; at++) {
		over |= __builtin_mul_overflow(amount, 10, &amount) ||
			__builtin_add_overflow(amount, *at - '0', &amount);
	}

	int shift = shift_of(at);

	if (at == text || shift < 0) {
		return err_set(err, ERR_INPUT, "'%.64s': expected a size such as 64MB or 1GB",
				text);
	}
	if (over || __builtin_mul_overflow(amount, INT64_C(1) << shift, &amount)) {
		return err_set(err, ERR_INPUT, "'%.64s': size out of range", text);
	}
	*ret_bytes = amount;
	return 0;
}
