/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"

void base64_add(struct buf *out, const void *data, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				     "0123456789+/";
	const unsigned char *bytes = data;

	for (size_t i = 0; i < len; i += 3) {
		size_t n = len - i < 3 ? len - i : 3;
		uint32_t bits = 0;

		for (size_t j = 0; j < 3; j++) {
			bits = bits << 8 | (j < n ? bytes[i + j] : 0);
		}
		for (size_t j = 0; j < 4; j++) {
			buf_addch(out, j <= n ? digits[bits >> (18 - 6 * j) & 63] : '=');
		}
	}
}
