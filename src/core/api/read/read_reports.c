/* SPDX-License-Identifier: Apache-2.0 */
#include "core/api/read/read_reports.h"

#include "store/reports.h"

#define ALERTNAMES_MAX 1000

/* A mean of nothing is null. */
static void write_mean(struct jsonw *w, const char *key, int64_t count, int64_t ms)
{
	if (count) {
		jsonw_int(w, key, ms);
	} else {
		jsonw_null(w, key);
	}
}

static void on_alertname(const char *alertname, const struct report_effect *effect, void *arg)
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

int read_reports_alerts(struct reply *reply, struct err *err)
{
	const struct report_query query = {
		.alertname = reply_arg(reply, "alertname"),
		.since = reply_arg_int(reply, "since", 0),
		.until = reply_arg_int(reply, "until", 0),
		.limit = ALERTNAMES_MAX,
	};

	jsonw_object(&reply->w, NULL);
	jsonw_array(&reply->w, "alerts");
	if (reports_alerts(reply->ground->db, &query, on_alertname, &reply->w, err) < 0) {
		return -1;
	}
	jsonw_close(&reply->w);
	jsonw_close(&reply->w);
	return 0;
}
