/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gunzip - what was compressed with gzip, as it was before, bounded while it grows.
 */
#ifndef SYS_GUNZIP_H
#define SYS_GUNZIP_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * Append to out what len bytes of data, one gzip file, are without compression. ERR_INPUT: they are
 * none, or are cut short, or something follows them. ERR_LIMIT: it would be more than max bytes.
 * Whatever happens, no more than that is kept in memory.
 */
int gunzip(const void *data, size_t len, size_t max, struct buf *out, struct err *err);

#endif
