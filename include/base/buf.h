/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buf - a growing byte buffer, always followed by a NUL that is not counted.
 *
 * A zeroed struct buf is an empty buffer. You may read data and len; data is NULL while nothing
 * was ever added (buf_text() gives "" then).
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

struct buf {
	unsigned char *data;
	size_t len;
	size_t cap;
};

/* Frees the bytes; the buffer is empty and usable after. */
void buf_clear(struct buf *buf);
/* Forgets the contents and keeps the memory. */
void buf_reset(struct buf *buf);

void buf_add(struct buf *buf, const void *data, size_t len);
void buf_addch(struct buf *buf, char c);
void buf_adds(struct buf *buf, const char *text);
void buf_addf(struct buf *buf, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_addfv(struct buf *buf, const char *fmt, va_list ap)
		__attribute__((format(printf, 2, 0), nonnull(2)));

/* Room for len more bytes, to be filled by the caller, who calls buf_grew() for those that came. */
unsigned char *buf_reserve(struct buf *buf, size_t len);
void buf_grew(struct buf *buf, size_t len);
/* Keeps the first len bytes and drops the rest. */
void buf_cut(struct buf *buf, size_t len);
/* Drops the first len bytes. */
void buf_consume(struct buf *buf, size_t len);

/* The contents as text; valid until the next call that changes the buffer. */
const char *buf_text(const struct buf *buf);
/* The contents on the heap; the buffer is empty after. Caller frees with free(). */
char *buf_detach(struct buf *buf);

#define auto_buf CLEANUP(buf_clear)

#endif
