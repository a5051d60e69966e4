#include "core/run/chronicle.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/mem.h"
#include "core/core.h"
#include "core/run/active.h"
#include "core/run/run_request.h"
#include "domain/incident.h"
#include "store/notices.h"

/* The alert in a few words: its name, and where it is. */
static int add_alert(struct core *core, const struct chronicle_alert *told, enum timeline_kind kind,
		const char *before, struct err *err)
{
	auto_buf struct buf text = { 0 };
	struct timeline_row row = {
		.incident_id = told->incident_id, .at = told->now, .kind = (uint8_t)kind
	};

	buf_adds(&text, before);
	incident_title(NULL, told->alert, &text);
	row.text = buf_text(&text);
	return timeline_add(core->db, &row, err);
}

int chronicle_fires(struct core *core, const struct chronicle_alert *told, struct err *err)
{
	static const struct {
		uint8_t kind;
		const char *text;
	} words[INCIDENT_STATUSES] = {
		[INCIDENT_FIRING] = { TIMELINE_JOINED, "another alert fires: " },
		[INCIDENT_MITIGATED] = { TIMELINE_FIRED, "it is not over, another alert fires: " },
		[INCIDENT_RESOLVED] = { TIMELINE_REOPENED, "it is not over, an alert fires: " },
		[INCIDENT_CLOSED] = { TIMELINE_JOINED, "an alert fires: " },
	};
	const struct incident_facts *before = told->before;

	if (!before->id) {
		return add_alert(core, told, TIMELINE_OPENED, "an alert fires: ", err);
	}
	return add_alert(core, told, words[before->status].kind, words[before->status].text, err);
}

int chronicle_ends(struct core *core, const struct chronicle_alert *told, struct err *err)
{
	const struct incident_facts *before = told->before;

	if (before->status <= INCIDENT_MITIGATED && before->firing <= 1) {
		return add_alert(core, told, TIMELINE_RESOLVED, "its last alert ended: ", err);
	}
	return add_alert(core, told, TIMELINE_LEFT, "an alert ended: ", err);
}

int chronicle_queued(struct core *core, const struct run_request *request, int64_t run_id,
		struct err *err)
{
	const char *reason = request->reason ? request->reason : "";
	auto_free char *text = xasprintf("run %" PRId64 " (%s), trigger %s%s%s%s", run_id,
			request->playbook->name, request->trigger,
			request->override_guards ? ", without its guards" : "", *reason ? ": " : "", reason);
	const struct timeline_row row = { .incident_id = request->incident_id,
		.at = request->now,
		.kind = TIMELINE_QUEUED,
		.who = request->by_hand ? request->requested_by : NULL,
		.text = text,
		.run_id = run_id };

	return row.incident_id ? timeline_add(core->db, &row, err) : 0;
}

int chronicle_ended(struct core *core, const struct active *active, struct err *err)
{
	const struct run_cursor *cursor = &active->cursor;
	auto_free char *text = xasprintf("run %" PRId64 " (%s) %s: %s", active->run_id,
			active->playbook_name, run_status_names[cursor->status], cursor->reason);

	return chronicle_moved(core, active, TIMELINE_ENDED, text, err);
}

int chronicle_moved(struct core *core, const struct active *active, enum timeline_kind kind,
		const char *why, struct err *err)
{
	const struct timeline_row row = { .incident_id = active->incident_id,
		.at = clock_wall_ms(),
		.kind = (uint8_t)kind,
		.text = why,
		.run_id = active->run_id };

	return row.incident_id ? timeline_add(core->db, &row, err) : 0;
}

/* What is told, and into which timeline. */
struct telling {
	struct db *db;
	struct err *err;
	int rc;
};

static void add_told(const struct notice_row *notice, void *arg)
{
	struct telling *telling = arg;
	auto_free char *text = xasprintf("%s (%s) %s: %s%s%s", notice->receiver, notice->endpoint,
			notice_status_names[notice->status], notice->kind,
			*notice->reason ? ": " : "", notice->reason);
	const struct timeline_row row = { .incident_id = notice->incident_id,
		.at = clock_wall_ms(),
		.kind = TIMELINE_NOTIFIED,
		.text = text };

	telling->rc = row.incident_id ? timeline_add(telling->db, &row, telling->err) : 0;
}

int chronicle_told(struct core *core, int64_t notice_id, struct err *err)
{
	struct telling telling = { .db = core->db, .err = err };

	return notices_get(core->db, notice_id, add_told, &telling, err) < 0 ? -1 : telling.rc;
}
