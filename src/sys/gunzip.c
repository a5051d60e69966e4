/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/gunzip.h"

#include <stdlib.h>
#include <zlib.h>

#define GZIP_ONLY (16 + MAX_WBITS)
#define CHUNK     ((size_t)64 * 1024)

/* Returns zlib's last word, Z_BUF_ERROR when there would be more than max bytes. */
static int inflate_all(z_stream *stream, size_t max, struct buf *out)
{
	size_t begin = out->len;
	int rc = Z_OK;

	while (rc == Z_OK) {
		size_t left = max - (out->len - begin);
		size_t room = left < CHUNK ? left : CHUNK;

		/* One byte more than may be: whether there is one has to be seen. */
		stream->next_out = buf_reserve(out, room + 1);
		stream->avail_out = (uInt)(room + 1);
		rc = inflate(stream, Z_NO_FLUSH);

		size_t got = room + 1 - stream->avail_out;

		if (got > left) {
			return Z_BUF_ERROR;
		}
		buf_grew(out, got);
		if (rc == Z_OK && stream->avail_in == 0 && stream->avail_out > 0) {
			return Z_DATA_ERROR; /* it is cut short */
		}
	}
	return rc == Z_BUF_ERROR ? Z_DATA_ERROR : rc;
}

int gunzip(const void *data, size_t len, size_t max, struct buf *out, struct err *err)
{
	z_stream stream = { .next_in = (void *)(uintptr_t)data, .avail_in = (uInt)len };
	size_t begin = out->len;
	int rc;

	if (len > UINT32_MAX || inflateInit2(&stream, GZIP_ONLY) != Z_OK) {
		abort(); /* out of memory, or a mistake of ours */
	}
	rc = inflate_all(&stream, max, out);
	inflateEnd(&stream);
	if (rc == Z_STREAM_END && stream.avail_in == 0) {
		return 0;
	}
	buf_cut(out, begin);
	if (rc == Z_BUF_ERROR) {
		return err_set(err, ERR_LIMIT, "the body is longer than %zu bytes when inflated",
				max);
	}
	return err_set(err, ERR_INPUT,
			rc == Z_STREAM_END ? "something follows the body's gzip"
					   : "the body is not the gzip that Content-Encoding says");
}
