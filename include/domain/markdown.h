/* SPDX-License-Identifier: Apache-2.0 */
/*
 * markdown - text that somebody else wrote, put into Markdown as text: it can be no heading, list,
 * table, link, image, HTML, or mention of somebody.
 *
 * Safe in CommonMark and with GitHub's tables, autolinks and mentions. What those look for in plain
 * text ("://", "www.", "@") stands in a code span, since no escape keeps them from it. Bytes that
 * are not UTF-8, and characters that do more than show themselves, become U+FFFD.
 */
#ifndef DOMAIN_MARKDOWN_H
#define DOMAIN_MARKDOWN_H

#include <stddef.h>

#include "base/buf.h"

/* Append text within a line, a list item, a heading or a table's cell; newlines become spaces, and
 * NULL, "" and blanks become "–". */
void markdown_text(struct buf *out, const char *text);
/* Append text as one code span; not for tables. Cut after max bytes, which "…" tells. */
void markdown_code(struct buf *out, const char *text, size_t max);
/* Append a quotation with all lines of text, each behind indent ("" or some spaces). It ends with a
 * newline. */
void markdown_quote(struct buf *out, const char *indent, const char *text);
/* Append len bytes as a block of code, behind a fence that they do not have. Ends with a newline.
 */
void markdown_block(struct buf *out, const char *text, size_t len);

#endif
