/* SPDX-License-Identifier: Apache-2.0 */
#include "core/api/read/read_follow_ups.h"

#include "core/api/page.h"
#include "core/view/rows.h"

static void on_follow_up(const struct follow_up_row *row, void *arg)
{
	struct page *page = arg;

	if (page_takes(page, row->id)) {
		rows_follow_up(&page->reply->w, row);
	}
}

int read_follow_ups(struct reply *reply, struct err *err)
{
	struct page page = page_begin(reply, "followUps", PAGE_ROWS);
	const struct follow_up_query query = {
		.incident_id = reply_arg_int(reply, "incident", 0),
		.done = reply_arg(reply, "done"),
		.before = reply_arg_int(reply, "cursor", 0),
		.limit = page.limit + 1,
	};

	if (follow_ups_list(reply->ground->db, &query, on_follow_up, &page, err) < 0) {
		return -1;
	}
	page_end(&page);
	return 0;
}
