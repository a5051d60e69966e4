/* SPDX-License-Identifier: Apache-2.0 */
#include "core/api/read/read_decisions.h"

#include <stdlib.h>
#include <string.h>

#include "core/api/page.h"
#include "core/view/rows.h"
#include "store/deliveries.h"

static void on_decision(const struct decision_row *row, void *arg)
{
	struct page *page = arg;

	if (page_takes_at(page, row->delivery_id, row->position)) {
		rows_decision(&page->reply->w, row);
	}
}

int read_decisions(struct reply *reply, struct err *err)
{
	struct page page = page_begin(reply, "decisions", PAGE_ROWS);
	const char *cursor = reply_arg(reply, "cursor");
	const char *colon = cursor ? strchr(cursor, ':') : NULL;
	const struct decision_query query = {
		.fingerprint = reply_arg(reply, "fingerprint"),
		.decision = reply_arg(reply, "decision"),
		.before_delivery = cursor ? strtoll(cursor, NULL, 10) : 0,
		.before_position = colon ? strtoll(colon + 1, NULL, 10) : 0,
		.limit = page.limit + 1,
	};

	if (decisions_list(reply->ground->db, &query, on_decision, &page, err) < 0) {
		return -1;
	}
	page_end(&page);
	return 0;
}
