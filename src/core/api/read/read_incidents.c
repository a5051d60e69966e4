#include "core/api/read/read_incidents.h"

#include "core/api/command/escalation_command.h"
#include "core/core.h"
#include "core/view/rows.h"

#define ALERTS_MAX     1000 /* of one incident, in its answer; so the others */
#define RUNS_MAX       1000
#define NOTICES_MAX    1000
#define FOLLOW_UPS_MAX 1000

static void each_alert(const struct episode_row *row, void *arg)
{
	rows_alert(arg, row);
}

static void each_run(const struct run_row *row, void *arg)
{
	rows_run_in_short(arg, row);
}

static void each_notice(const struct notice_row *row, void *arg)
{
	rows_notification(arg, row);
}

static void each_follow_up(const struct follow_up_row *row, void *arg)
{
	rows_follow_up(arg, row);
}

static void one_incident(const struct incident_row *row, void *arg)
{
	struct reply *reply = arg;

	jsonw_object(&reply->w, NULL);
	rows_incident(&reply->w, row);
}

static int write_lists(struct reply *reply, int64_t id, struct err *err)
{
	struct db *db = reply->core->db;
	struct jsonw *w = &reply->w;
	const struct run_query runs = { .incident_id = id, .limit = RUNS_MAX };
	const struct follow_up_query follow_ups = { .incident_id = id, .limit = FOLLOW_UPS_MAX };

	jsonw_array(w, "alerts");
	if (episodes_of(db, id, ALERTS_MAX, each_alert, w, err) < 0) {
		return -1;
	}
	jsonw_close(w);
	jsonw_array(w, "runs");
	if (runs_list(db, &runs, each_run, w, err) < 0) {
		return -1;
	}
	jsonw_close(w);
	jsonw_array(w, "notifications");
	if (notices_of(db, id, NOTICES_MAX, each_notice, w, err) < 0) {
		return -1;
	}
	jsonw_close(w);
	jsonw_array(w, "followUps");
	if (follow_ups_list(db, &follow_ups, each_follow_up, w, err) < 0) {
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

static void see_item(const struct checklist_row *row, void *arg)
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
	int rc = checklists_of(reply->core->db, id, see_item, &list, err);

	if (rc == 0) {
		rows_checklist(&reply->w, list.rows);
	}
	arena_free(list.arena);
	return rc;
}

int api_incident(struct reply *reply, struct err *err)
{
	int64_t id = (int64_t)reply->query->ids[0];
	int rc = incidents_get(reply->core->db, id, one_incident, reply, err);

	if (rc != 1) {
		return reply_found(reply, rc, "incident", (uint64_t)id);
	}
	if (write_lists(reply, id, err) < 0 || write_checklist(reply, id, err) < 0 ||
			escalate_write(reply, id, err) < 0) {
		return -1;
	}
	jsonw_close(&reply->w);
	return 0;
}
