/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

#include "test.h"

#define LEN(a) (sizeof(a) / sizeof(*(a)))

TEST(the_bounds_of_each_length_are_characters)
{
	static const struct {
		const char *text;
		uint32_t code;
	} rows[] = {
		{ "A", 0x41 },
		{ "\x7f", 0x7f },
		{ "\xc2\x80", 0x80 },
		{ "\xdf\xbf", 0x7ff },
		{ "\xe0\xa0\x80", 0x800 },
		{ "\xed\x9f\xbf", 0xd7ff },
		{ "\xee\x80\x80", 0xe000 },
		{ "\xef\xbf\xbf", 0xffff },
		{ "\xf0\x90\x80\x80", 0x10000 },
		{ "\xf4\x8f\xbf\xbf", 0x10ffff },
	};

	for (size_t i = 0; i < LEN(rows); i++) {
		uint32_t code = 0;

		ck_int(utf8_next(rows[i].text, strlen(rows[i].text), &code), strlen(rows[i].text));
		ck_int(code, rows[i].code);
		/* a character that is cut off is none */
		ck_int(utf8_next(rows[i].text, strlen(rows[i].text) - 1, &code), 0);
	}
}

TEST(what_rfc_3629_forbids_is_refused)
{
	static const char *const rows[] = {
		"\x80",
		"\xbf",
		"\xc0\x80",
		"\xc1\xbf",
		"\xe0\x9f\xbf",
		"\xed\xa0\x80",
		"\xed\xbf\xbf",
		"\xf0\x8f\xbf\xbf",
		"\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80",
		"\xff",
		"\xc2\x41",
		"\xe1\x80\x41",
		"\xf1\x80\x80\x41",
		"\xe1\x41\x80",
	};

	for (size_t i = 0; i < LEN(rows); i++) {
		uint32_t code = 7;
		char text[16];

		ck_int(utf8_next(rows[i], strlen(rows[i]), &code), 0);
		ck_int(code, 7);
		snprintf(text, sizeof(text), "a%sb", rows[i]);
		ck(!utf8_valid(text, strlen(text)));
	}
}

TEST(whole_texts_are_looked_at_to_their_end)
{
	ck(utf8_valid("", 0));
	ck(utf8_valid("a\0b", 3));
	ck(utf8_valid("aä€💾", strlen("aä€💾")));
	ck(!utf8_valid("aä€💾", strlen("aä€💾") - 1));
}

TEST(control_characters_are_known)
{
	static const uint32_t yes[] = { 0, 0x1f, 0x7f, 0x80, 0x9f, 0x200e, 0x200f, 0x2028, 0x2029,
		0x202a, 0x202e, 0x2066, 0x2069 };
	static const uint32_t no[] = { 0x20, 0x7e, 0xa0, 0x200d, 0x2010, 0x2027, 0x202f, 0x2065,
		0x206a, 0x1f4be };

	for (size_t i = 0; i < LEN(yes); i++) {
		ck(utf8_is_control(yes[i]));
	}
	for (size_t i = 0; i < LEN(no); i++) {
		ck(!utf8_is_control(no[i]));
	}
}
