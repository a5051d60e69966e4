/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void buf_clear(struct buf *buf)
{
	free(buf->data);
	*buf = (struct buf){ 0 };
}

void buf_reset(struct buf *buf)
{
	buf->len = 0;
	if (buf->data) {
		buf->data[0] = '\0';
	}
}

unsigned char *buf_reserve(struct buf *buf, size_t len)
{
	size_t need;

	if (__builtin_add_overflow(buf->len, len, &need) || need == SIZE_MAX) {
		abort();
	}
	need++;
	if (need > buf->cap) {
		size_t cap = buf->cap < 64 ? 64 : buf->cap;

		while (cap < need) {
			cap *= 2;
		}
		buf->data = xreallocarray(buf->data, cap, 1);
		buf->data[buf->len] = '\0';
		buf->cap = cap;
	}
	return buf->data + buf->len;
}

void buf_grew(struct buf *buf, size_t len)
{
	buf->len += len;
	buf->data[buf->len] = '\0';
}

void buf_add(struct buf *buf, const void *data, size_t len)
{
	unsigned char *room = buf_reserve(buf, len);

	if (len) {
		memcpy(room, data, len);
	}
	buf_grew(buf, len);
}

void buf_addch(struct buf *buf, char c)
{
	*buf_reserve(buf, 1) = (unsigned char)c;
	buf_grew(buf, 1);
}

void buf_adds(struct buf *buf, const char *text)
{
	buf_add(buf, text, strlen(text));
}

void buf_addfv(struct buf *buf, const char *fmt, va_list ap)
{
	va_list again;

	va_copy(again, ap);
	int len = vsnprintf(NULL, 0, fmt, again);

	va_end(again);
	if (len < 0) {
		abort();
	}
	vsnprintf((char *)buf_reserve(buf, (size_t)len), (size_t)len + 1, fmt, ap);
	buf_grew(buf, (size_t)len);
}

void buf_addf(struct buf *buf, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_addfv(buf, fmt, ap);
	va_end(ap);
}

void buf_cut(struct buf *buf, size_t len)
{
	if (len < buf->len) {
		buf->len = len;
		buf->data[len] = '\0';
	}
}

void buf_consume(struct buf *buf, size_t len)
{
	if (len >= buf->len) {
		buf_reset(buf);
		return;
	}
	memmove(buf->data, buf->data + len, buf->len - len);
	buf->len -= len;
	buf->data[buf->len] = '\0';
}

const char *buf_text(const struct buf *buf)
{
	return buf->data ? (const char *)buf->data : "";
}

char *buf_detach(struct buf *buf)
{
	char *text;

	if (!buf->data) {
		return xstrdup("");
	}
	text = (char *)buf->data;
	*buf = (struct buf){ 0 };
	return text;
}
