/* SPDX-License-Identifier: Apache-2.0 */
#include "core/api/read/read_incidents.h"

#include "base/mem.h"
#include "core/api/page.h"
#include "core/api/read/read_escalation.h"
#include "core/view/rows.h"
#include "wire/json_labels.h"

#define SCAN_MAX       10000 /* incidents that one page of a filtered list looks at */
#define ALERTS_MAX     1000  /* of one incident, in its answer; so the others */
#define RUNS_MAX       1000
#define NOTICES_MAX    1000
#define FOLLOW_UPS_MAX 1000

CLEANUP_DEFINE(struct arena *, cleanup_arena, arena_free);

/* --- the list --- */

struct listing {
	struct page page;
	struct arena *arena;
	int64_t scanned;
	int64_t last_id; /* of those */
};

static bool filters_match(struct listing *listing, const struct incident_row *row)
{
	struct reply *reply = listing->page.reply;
	struct labels labels;
	bool match = true;

	if (!reply->query->filters_len) {
		return true;
	}
	if (json_labels(row->labels, listing->arena, &labels, &reply->problem) < 0 ||
			matchers_match(reply->query->filters, reply->query->filters_len, &labels,
					&match, &reply->problem) < 0) {
		return false;
	}
	return match;
}

static bool on_incident(const struct incident_row *row, void *arg)
{
	struct listing *listing = arg;
	struct reply *reply = listing->page.reply;

	if (listing->scanned++ == SCAN_MAX) {
		page_stop(&listing->page, listing->last_id);
		return false;
	}
	listing->last_id = row->id;
	if (!filters_match(listing, row)) {
		return reply->problem.code == ERR_NONE;
	}
	if (!page_takes(&listing->page, row->id)) {
		return false;
	}
	jsonw_object(&reply->w, NULL);
	rows_incident(&reply->w, row);
	jsonw_close(&reply->w);
	return true;
}

static int compile_filters(struct reply *reply)
{
	for (size_t i = 0; i < reply->query->filters_len; i++) {
		if (matcher_compile(&reply->query->filters[i], &reply->problem) < 0) {
			return -1;
		}
	}
	return 0;
}

int read_incidents(struct reply *reply, struct err *err)
{
	CLEANUP(cleanup_arena) struct arena *arena = arena_new();
	struct listing listing = { .page = page_begin(reply, "incidents", PAGE_ROWS),
		.arena = arena };
	const struct incident_query query = {
		.status = reply_arg(reply, "status"),
		.playbook = reply_arg(reply, "playbook"),
		.level = reply_arg(reply, "level"),
		.major = reply_arg(reply, "major"),
		.since = reply_arg_int(reply, "since", 0),
		.until = reply_arg_int(reply, "until", 0),
		.before = reply_arg_int(reply, "cursor", 0),
	};
	int rc = 0;

	if (compile_filters(reply) == 0) {
		rc = incidents_each(reply->ground->db, &query, on_incident, &listing, err);
	}
	page_end(&listing.page);
	for (size_t i = 0; i < reply->query->filters_len; i++) {
		matcher_clear(&reply->query->filters[i]);
	}
	return rc;
}

/* --- one of them --- */

static void on_alert(const struct episode_row *row, void *arg)
{
	rows_alert(arg, row);
}

static void on_run(const struct run_row *row, void *arg)
{
	rows_run_in_short(arg, row);
}

static void on_notice(const struct notice_row *row, void *arg)
{
	rows_notification(arg, row);
}

static void on_follow_up(const struct follow_up_row *row, void *arg)
{
	rows_follow_up(arg, row);
}

static void on_one_incident(const struct incident_row *row, void *arg)
{
	struct reply *reply = arg;

	jsonw_object(&reply->w, NULL);
	rows_incident(&reply->w, row);
}

static int write_lists(struct reply *reply, int64_t id, struct err *err)
{
	struct db *db = reply->ground->db;
	struct jsonw *w = &reply->w;
	const struct run_query runs = { .incident_id = id, .limit = RUNS_MAX };
	const struct follow_up_query follow_ups = { .incident_id = id, .limit = FOLLOW_UPS_MAX };

	jsonw_array(w, "alerts");
	if (episodes_of(db, id, ALERTS_MAX, on_alert, w, err) < 0) {
		return -1;
	}
	jsonw_close(w);
	jsonw_array(w, "runs");
	if (runs_list(db, &runs, on_run, w, err) < 0) {
		return -1;
	}
	jsonw_close(w);
	jsonw_array(w, "notifications");
	if (notices_of(db, id, NOTICES_MAX, on_notice, w, err) < 0) {
		return -1;
	}
	jsonw_close(w);
	jsonw_array(w, "followUps");
	if (follow_ups_list(db, &follow_ups, on_follow_up, w, err) < 0) {
		return -1;
	}
	jsonw_close(w);
	return 0;
}

/* The items that are done, by item; their texts live in the arena. */
struct checklist {
	struct arena *arena;
	struct checklist_row rows[CHECKLIST_ITEMS];
};

static void on_item(const struct checklist_row *row, void *arg)
{
	struct checklist *list = arg;
	struct checklist_row *copy = &list->rows[row->item];

	*copy = *row;
	copy->who = arena_strdup(list->arena, row->who);
	copy->note = arena_strdup(list->arena, row->note);
}

static int write_checklist(struct reply *reply, int64_t id, struct err *err)
{
	struct checklist list = { .arena = arena_new() };
	int rc = checklists_of(reply->ground->db, id, on_item, &list, err);

	if (rc == 0) {
		rows_checklist(&reply->w, list.rows);
	}
	arena_free(list.arena);
	return rc;
}

int read_incident(struct reply *reply, struct err *err)
{
	int64_t id = (int64_t)reply->query->ids[0];
	int rc = incidents_get(reply->ground->db, id, on_one_incident, reply, err);

	if (rc != 1) {
		return reply_found(reply, rc, "incident", (uint64_t)id);
	}
	if (write_lists(reply, id, err) < 0 || write_checklist(reply, id, err) < 0 ||
			read_escalation(reply, id, err) < 0) {
		return -1;
	}
	jsonw_close(&reply->w);
	return 0;
}
