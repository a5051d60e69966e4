/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base64 - bytes as text (RFC 4648, 4), in one line.
 */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stddef.h>

#include "base/buf.h"

/* Append len bytes of data, with their padding. */
void base64_add(struct buf *out, const void *data, size_t len);

#endif
