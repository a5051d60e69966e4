/* SPDX-License-Identifier: Apache-2.0 */
#include "core/api/page.h"

#include <inttypes.h>
#include <stdio.h>

struct page page_begin(struct reply *reply, const char *key, int64_t rows)
{
	int64_t limit = reply_arg_int(reply, "limit", rows);

	jsonw_object(&reply->w, NULL);
	jsonw_array(&reply->w, key);
	return (struct page){
		.reply = reply,
		.limit = limit < 1               ? 1
			 : limit > PAGE_ROWS_MAX ? PAGE_ROWS_MAX
						 : limit,
	};
}

bool page_takes(struct page *page, int64_t id)
{
	if (page->rows == page->limit) {
		page->more = true;
		return false;
	}
	page->rows++;
	page->last_id = id;
	return true;
}

bool page_takes_at(struct page *page, int64_t id, int64_t position)
{
	if (!page_takes(page, id)) {
		return false;
	}
	page->positions = true;
	page->last_position = position;
	return true;
}

void page_stop(struct page *page, int64_t id)
{
	page->more = true;
	page->last_id = id;
}

void page_end(struct page *page)
{
	struct jsonw *w = &page->reply->w;
	char cursor[64];

	jsonw_close(w);
	if (page->positions) {
		snprintf(cursor, sizeof(cursor), "%" PRId64 ":%" PRId64, page->last_id,
				page->last_position);
	} else {
		snprintf(cursor, sizeof(cursor), "%" PRId64, page->last_id);
	}
	jsonw_str(w, "nextCursor", page->more ? cursor : NULL);
	jsonw_close(w);
}
