/* SPDX-License-Identifier: Apache-2.0 */
#include "core/api/dispatch.h"

#include "core/api/command.h"
#include "core/api/command/approval_commands.h"
#include "core/api/command/escalation_command.h"
#include "core/api/command/follow_up_commands.h"
#include "core/api/command/incident_commands.h"
#include "core/api/command/pause_commands.h"
#include "core/api/command/replay_command.h"
#include "core/api/command/run_commands.h"
#include "core/api/read/metrics.h"
#include "core/api/read/postmortem.h"
#include "core/api/read/read_audit.h"
#include "core/api/read/read_checks.h"
#include "core/api/read/read_decisions.h"
#include "core/api/read/read_deliveries.h"
#include "core/api/read/read_follow_ups.h"
#include "core/api/read/read_heartbeats.h"
#include "core/api/read/read_incidents.h"
#include "core/api/read/read_pause.h"
#include "core/api/read/read_playbooks.h"
#include "core/api/read/read_rejected.h"
#include "core/api/read/read_reports.h"
#include "core/api/read/read_runs.h"
#include "core/api/read/read_status.h"
#include "core/api/read/read_timeline.h"

#define CONTENT_MAX (MESSAGE_LARGE_MAX - 65536)

/* Of every route that the core answers; the others have none. */
static int (*const handlers[ROUTES])(struct reply *reply, struct err *err) = {
	[ROUTE_READY] = read_status_ready,
	[ROUTE_AUDIT] = read_audit,
	[ROUTE_CHECKS] = read_checks,
	[ROUTE_CHECK_HISTORY] = read_check,
	[ROUTE_DECISIONS] = read_decisions,
	[ROUTE_DELIVERIES] = read_deliveries,
	[ROUTE_DELIVERY] = read_delivery,
	[ROUTE_DELIVERY_REPLAY] = read_delivery_body,
	[ROUTE_FOLLOW_UPS] = read_follow_ups,
	[ROUTE_FOLLOW_UP_CHANGE] = follow_up_commands_change,
	[ROUTE_HEARTBEATS] = read_heartbeats,
	[ROUTE_INCIDENTS] = read_incidents,
	[ROUTE_INCIDENT] = read_incident,
	[ROUTE_CHANGE] = incident_commands_change,
	[ROUTE_ACKNOWLEDGE] = incident_commands_acknowledge,
	[ROUTE_CHECKLIST_ITEM] = follow_up_commands_check,
	[ROUTE_CLOSE] = incident_commands_close,
	[ROUTE_INCIDENT_ESCALATE] = escalation_command,
	[ROUTE_FOLLOW_UP_ADD] = follow_up_commands_add,
	[ROUTE_NOTE] = incident_commands_note,
	[ROUTE_POSTMORTEM] = postmortem_show,
	[ROUTE_INCIDENT_REPLAY] = replay_command,
	[ROUTE_RESOLVE] = incident_commands_resolve,
	[ROUTE_TIMELINE] = read_timeline,
	[ROUTE_PAUSE_END] = pause_commands_end,
	[ROUTE_PAUSE] = read_pause,
	[ROUTE_PAUSE_BEGIN] = pause_commands_begin,
	[ROUTE_PLAYBOOKS] = read_playbooks,
	[ROUTE_PLAYBOOK_RUN] = run_commands_start,
	[ROUTE_REJECTED_DELIVERIES] = read_rejected,
	[ROUTE_REJECTED_DELIVERY] = read_rejected_one,
	[ROUTE_REPORT_ALERTS] = read_reports_alerts,
	[ROUTE_RUNS] = read_runs,
	[ROUTE_RUN] = read_run,
	[ROUTE_RUN_APPROVE] = approval_commands_approve,
	[ROUTE_RUN_CANCEL] = run_commands_cancel,
	[ROUTE_RUN_REJECT] = approval_commands_reject,
	[ROUTE_OUTPUT] = read_run_output,
	[ROUTE_STATUS] = read_status,
	[ROUTE_METRICS] = metrics_show,
};

bool dispatch_answers(enum route route)
{
	return handlers[route];
}

static int handle(struct reply *reply, struct err *err)
{
	const struct route_row *row = &routes[reply->query->route];
	const struct command command = { handlers[row->id], row->command, row->object };

	if (!command.fn) {
		err_set(&reply->problem, ERR_BUG, "the core does not answer %s", row->pattern);
		return 0;
	}
	return row->action == ACTION_COMMAND ? command_once(reply, &command, err)
					     : command.fn(reply, err);
}

int dispatch_query(const struct api_room *api, const struct msg_query *query, struct err *err)
{
	struct reply reply = {
		.api = api, .ground = api->ground, .query = query, .content_type = ""
	};
	int rc;

	reply.w = jsonw_begin(&reply.content);
	rc = handle(&reply, err);
	if (reply.content.len > CONTENT_MAX) {
		err_set(&reply.problem, ERR_LIMIT, "the answer would be %zu bytes long, %d at most",
				reply.content.len, CONTENT_MAX);
		buf_clear(&reply.content);
	}
	if (rc == 0) {
		reply_send(&reply, query->id);
	}
	buf_clear(&reply.content);
	return rc;
}
