/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <string.h>

#include "test.h"

TEST(a_zeroed_buffer_is_empty_text)
{
	auto_buf struct buf buf = { 0 };

	ck_str(buf_text(&buf), "");
	ck_int(buf.len, 0);
}

TEST(what_is_added_stands_in_order_with_a_nul_after)
{
	auto_buf struct buf buf = { 0 };

	buf_adds(&buf, "one");
	buf_addch(&buf, ' ');
	buf_add(&buf, "two!", 3);
	buf_addf(&buf, " %d%s", 3, "");
	buf_add(&buf, NULL, 0);
	ck_str(buf_text(&buf), "one two 3");
	ck_int(buf.len, 9);
}

TEST(it_grows_byte_by_byte_to_any_size)
{
	auto_buf struct buf buf = { 0 };

	for (size_t i = 0; i < 100000; i++) {
		buf_addch(&buf, (char)('a' + i % 26));
		ck(buf.data[buf.len] == '\0');
	}
	ck_int(buf.len, 100000);
	ck_int(buf.data[99999], 'a' + 99999 % 26);
}

TEST(reserved_room_is_the_callers_until_it_grew)
{
	auto_buf struct buf buf = { 0 };

	buf_adds(&buf, "a");
	memcpy(buf_reserve(&buf, 1000), "bcd", 3);
	ck_int(buf.len, 1);
	buf_grew(&buf, 3);
	ck_str(buf_text(&buf), "abcd");
}

TEST(reserved_room_that_nothing_came_into_is_no_text)
{
	auto_buf struct buf buf = { 0 };

	buf_reserve(&buf, 1000);
	ck_int(buf.len, 0);
	ck_str(buf_text(&buf), "");
}

TEST(what_is_cut_off_is_gone_from_the_end)
{
	auto_buf struct buf buf = { 0 };

	buf_cut(&buf, 0);
	ck_str(buf_text(&buf), "");
	buf_adds(&buf, "abcdef");
	buf_cut(&buf, 6);
	ck_str(buf_text(&buf), "abcdef");
	buf_cut(&buf, 2);
	ck_int(buf.len, 2);
	ck_str(buf_text(&buf), "ab");
}

TEST(consumed_bytes_are_gone_from_the_front)
{
	auto_buf struct buf buf = { 0 };

	buf_adds(&buf, "abcdef");
	buf_consume(&buf, 2);
	ck_str(buf_text(&buf), "cdef");
	buf_consume(&buf, 0);
	ck_str(buf_text(&buf), "cdef");
	buf_consume(&buf, 99);
	ck_str(buf_text(&buf), "");
	ck_int(buf.len, 0);
}

TEST(a_reset_buffer_is_empty_and_keeps_its_memory)
{
	auto_buf struct buf buf = { 0 };

	buf_adds(&buf, "abc");

	size_t cap = buf.cap;

	buf_reset(&buf);
	ck_str(buf_text(&buf), "");
	ck_int(buf.cap, cap);
}

TEST(detached_text_is_the_callers)
{
	auto_buf struct buf buf = { 0 };
	auto_free char *nothing = buf_detach(&buf);

	buf_adds(&buf, "abc");

	auto_free char *text = buf_detach(&buf);

	ck_str(nothing, "");
	ck_str(text, "abc");
	ck_str(buf_text(&buf), "");
	buf_adds(&buf, "again");
	ck_str(buf_text(&buf), "again");
}
