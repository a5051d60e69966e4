/* SPDX-License-Identifier: Apache-2.0 */
#include "core/api/read/read_audit.h"

#include "core/api/page.h"
#include "core/view/rows.h"
#include "store/audits.h"

static void write_row(const struct audit_row *row, void *arg)
{
	struct page *page = arg;

	if (page_takes(page, row->id)) {
		rows_command(&page->reply->w, row);
	}
}

int read_audit(struct reply *reply, struct err *err)
{
	struct page page = page_begin(reply, "audit", PAGE_ROWS);

	if (audits_list(reply->ground->db, reply_arg_int(reply, "cursor", 0), page.limit + 1,
			    write_row, &page, err) < 0) {
		return -1;
	}
	page_end(&page);
	return 0;
}
