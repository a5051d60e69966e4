/* SPDX-License-Identifier: Apache-2.0 */
/*
 * page - the one pager of all lists: {"NOUNS":[…],"nextCursor":"…"}.
 *
 *	struct page page = page_begin(reply, "runs", PAGE_ROWS);
 *	runs_list(…, .limit = page.limit + 1, on_run, &page);       one row more than the page has
 *	  on_run(): if (page_takes(page, row->id)) { … }
 *	page_end(&page);
 */
#ifndef CORE_PAGE_H
#define CORE_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/api/reply.h"

#define PAGE_ROWS     50 /* rows without ?limit= */
#define PAGE_ROWS_MAX 1000

struct page {
	struct reply *reply;
	int64_t limit;
	int64_t rows;
	int64_t last_id;
	int64_t last_position; /* of lists whose rows have an id and a position */
	bool positions;
	bool more;
};

/* Open the list, named key; rows is how many it has without ?limit=. */
struct page page_begin(struct reply *reply, const char *key, int64_t rows);
/* Is there room for the row of that id? Else there is another page, and the list is full. */
bool page_takes(struct page *page, int64_t id);
/* The same for a list whose cursor is ID:POSITION. */
bool page_takes_at(struct page *page, int64_t id, int64_t position);
/* The page ends after the row of that id, which is not in it: there may be more. */
void page_stop(struct page *page, int64_t id);
/* Close the list, with the cursor of its next page. */
void page_end(struct page *page);

#endif
