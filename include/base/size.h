/* SPDX-License-Identifier: Apache-2.0 */
/*
 * size - amounts of bytes as operators write them.
 *
 * Units are Prometheus's: B, KB, MB, GB, TB, each 1024 of the one before; KiB, MiB … mean the same.
 */
#ifndef BASE_SIZE_H
#define BASE_SIZE_H

#include <stdint.h>

#include "base/err.h"

/* "64MB", "1GiB", "4096", "0". Whole numbers only. ERR_INPUT, also beyond 2^63 - 1. */
int size_parse(const char *text, int64_t *ret_bytes, struct err *err);

#endif
