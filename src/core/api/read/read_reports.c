#include "core/api/read/read_reports.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/core.h"
#include "core/view/rows.h"
#include "store/reports.h"

#define LIMIT_DEFAULT  200
#define ALERTNAMES_MAX 1000

struct page {
	struct reply *reply;
	int64_t left;
	int64_t last;
	bool more;
};

static void each_entry(const struct timeline_row *row, void *arg)
{
	struct page *page = arg;

	if (page->left == 0) {
		page->more = true;
		return;
	}
	page->left--;
	page->last = row->id;
	rows_timeline_entry(&page->reply->w, row);
}

int hindsight_timeline(struct reply *reply, struct err *err)
{
	struct db *db = reply->core->db;
	int64_t id = (int64_t)reply->query->ids[0];
	struct page page = { .reply = reply, .left = reply_arg_int(reply, "limit", LIMIT_DEFAULT) };
	const struct timeline_query query = { .incident_id = id,
		.after = reply_arg_int(reply, "cursor", 0),
		.limit = page.left + 1 };
	struct incident_facts incident;
	char cursor[24];

	if (incidents_facts(db, id, &incident, err) < 0) {
		return -1;
	}
	if (!incident.id) {
		return reply_found(reply, 0, "incident", (uint64_t)id);
	}
	jsonw_object(&reply->w, NULL);
	jsonw_array(&reply->w, "timeline");
	if (timeline_list(db, &query, each_entry, &page, err) < 0) {
		return -1;
	}
	jsonw_close(&reply->w);
	snprintf(cursor, sizeof(cursor), "%" PRId64, page.last);
	jsonw_str(&reply->w, "nextCursor", page.more ? cursor : NULL);
	jsonw_close(&reply->w);
	return 0;
}

/* A mean of nothing is null. */
static void write_mean(struct jsonw *w, const char *key, int64_t count, int64_t ms)
{
	if (count) {
		jsonw_int(w, key, ms);
	} else {
		jsonw_null(w, key);
	}
}

static void each_alertname(const char *alertname, const struct report_effect *effect, void *arg)
{
	struct jsonw *w = arg;

	jsonw_object(w, NULL);
	jsonw_str(w, "alertname", alertname);
	jsonw_int(w, "incidents", effect->incidents);
	jsonw_int(w, "open", effect->open);
	jsonw_int(w, "remediated", effect->remediated);
	jsonw_int(w, "byPeople", effect->by_people);
	jsonw_int(w, "byItself", effect->by_itself);
	jsonw_int(w, "runs", effect->runs);
	jsonw_int(w, "runsHelped", effect->runs_helped);
	jsonw_int(w, "acknowledged", effect->acknowledged);
	write_mean(w, "mttaMs", effect->acknowledged, effect->mtta_ms);
	jsonw_int(w, "resolved", effect->resolved);
	write_mean(w, "mttrMs", effect->resolved, effect->mttr_ms);
	jsonw_close(w);
}

int hindsight_alerts(struct reply *reply, struct err *err)
{
	const struct report_query query = {
		.alertname = reply_arg(reply, "alertname"),
		.since = reply_arg_int(reply, "since", 0),
		.until = reply_arg_int(reply, "until", 0),
		.limit = ALERTNAMES_MAX,
	};

	jsonw_object(&reply->w, NULL);
	jsonw_array(&reply->w, "alerts");
	if (reports_alerts(reply->core->db, &query, each_alertname, &reply->w, err) < 0) {
		return -1;
	}
	jsonw_close(&reply->w);
	jsonw_close(&reply->w);
	return 0;
}
