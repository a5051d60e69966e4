/* SPDX-License-Identifier: Apache-2.0 */
#include "core/api/read/read_timeline.h"

#include "core/api/page.h"
#include "core/view/rows.h"
#include "store/incidents.h"
#include "store/timeline.h"

#define ENTRIES 200 /* of a page without ?limit= */

static void on_entry(const struct timeline_row *row, void *arg)
{
	struct page *page = arg;

	if (page_takes(page, row->id)) {
		rows_timeline_entry(&page->reply->w, row);
	}
}

int read_timeline(struct reply *reply, struct err *err)
{
	struct db *db = reply->ground->db;
	int64_t id = (int64_t)reply->query->ids[0];
	struct incident_facts incident;

	if (incidents_facts(db, id, &incident, err) < 0) {
		return -1;
	}
	if (!incident.id) {
		return reply_found(reply, 0, "incident", (uint64_t)id);
	}

	struct page page = page_begin(reply, "timeline", ENTRIES);
	const struct timeline_query query = { .incident_id = id,
		.after = reply_arg_int(reply, "cursor", 0),
		.limit = page.limit + 1 };

	if (timeline_list(db, &query, on_entry, &page, err) < 0) {
		return -1;
	}
	page_end(&page);
	return 0;
}
