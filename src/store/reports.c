/* SPDX-License-Identifier: Apache-2.0 */
#include "store/reports.h"

/* One row an incident: what became of it. A run helped when it succeeded by its verify phase, and
 * the alert did not go on firing all the same. */
#define HELPED                                                    \
	"r.status = 'succeeded' AND r.did_not_help = 0"           \
	" AND EXISTS (SELECT 1 FROM step s WHERE s.run_id = r.id" \
	" AND s.phase = 'verify' AND s.status = 'succeeded')"

#define INCIDENTS                                                                             \
	"SELECT alertname, opened_at, acknowledged_at, resolved_at,"                          \
	" CASE WHEN status IN ('firing', 'mitigated') THEN 'open'"                            \
	" WHEN mitigated_at IS NOT NULL OR EXISTS"                                            \
	" (SELECT 1 FROM run r WHERE r.incident_id = i.id AND " HELPED ")"                    \
	" THEN 'remediated'"                                                                  \
	" WHEN acknowledged_at IS NOT NULL OR resolved_by IS NOT NULL OR resolved_at IS NULL" \
	" THEN 'people' ELSE 'itself' END AS came,"                                           \
	" (SELECT count(*) FROM run r WHERE r.incident_id = i.id) AS runs,"                   \
	" (SELECT count(*) FROM run r WHERE r.incident_id = i.id AND " HELPED ") AS helped"   \
	" FROM incident i WHERE opened_at >= :since AND opened_at < :until"

#define SUMS                                                                                         \
	"SELECT alertname, count(*), count(*) FILTER (WHERE came = 'open'), count(*) FILTER"         \
	" (WHERE came = 'remediated'),"                                                              \
	" count(*) FILTER (WHERE came = 'people'), count(*) FILTER (WHERE came = 'itself'),"         \
	" sum(runs), sum(helped), count(acknowledged_at), sum(max(0, acknowledged_at - opened_at))," \
	" count(resolved_at), sum(max(0, resolved_at - opened_at))"

static int64_t mean(int64_t sum, int64_t count)
{
	return count ? sum / count : 0;
}

int reports_alerts(struct db *db, const struct report_query *query, report_fn fn, void *arg,
		struct err *err)
{
	static const char of_one[] = SUMS " FROM (" INCIDENTS " AND i.alertname = :alertname)"
					  " GROUP BY alertname LIMIT :limit";
	static const char of_any[] = SUMS " FROM (" INCIDENTS ")"
					  " GROUP BY alertname"
					  " ORDER BY count(*) DESC, alertname LIMIT :limit";
	struct stmt *s = db_stmt(db, query->alertname ? of_one : of_any);
	int rc;

	if (query->alertname) {
		stmt_text(s, ":alertname", query->alertname);
	}
	stmt_int(s, ":since", query->since);
	stmt_int(s, ":until", query->until ? query->until : INT64_MAX);
	stmt_int(s, ":limit", query->limit);
	while ((rc = stmt_step(s, err)) == 1) {
		const struct report_effect effect = {
			.incidents = stmt_col_int(s, 1),
			.open = stmt_col_int(s, 2),
			.remediated = stmt_col_int(s, 3),
			.by_people = stmt_col_int(s, 4),
			.by_itself = stmt_col_int(s, 5),
			.runs = stmt_col_int(s, 6),
			.runs_helped = stmt_col_int(s, 7),
			.acknowledged = stmt_col_int(s, 8),
			.mtta_ms = mean(stmt_col_int(s, 9), stmt_col_int(s, 8)),
			.resolved = stmt_col_int(s, 10),
			.mttr_ms = mean(stmt_col_int(s, 11), stmt_col_int(s, 10)),
		};

		fn(stmt_col_text(s, 0), &effect, arg);
	}
	return rc;
}
