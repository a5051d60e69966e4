/* SPDX-License-Identifier: Apache-2.0 */
#include "core/api/read/read_escalation.h"

#include "core/view/rows.h"
#include "domain/incident.h"
#include "store/paged_levels.h"

static void write_level(const struct paged_level_row *row, void *arg)
{
	rows_escalation(arg, row);
}

/* What was stopped is taken out of the store only when it would be due. */
void read_escalation_chain(const struct escalation_row *row, void *arg)
{
	bool open = row->status == INCIDENT_FIRING || row->status == INCIDENT_MITIGATED;
	bool needed = row->status == INCIDENT_FIRING || (open && row->attention);

	*(struct escalation_chain *)arg = (struct escalation_chain){
		.paged_level = row->paged_level,
		.next_at = needed && !row->acknowledged ? row->chain.due_at : 0,
		.update_at = open ? row->update.due_at : 0,
	};
}

int read_escalation(struct reply *reply, int64_t incident_id, struct err *err)
{
	struct escalation_chain chain = { 0 };
	struct jsonw *w = &reply->w;

	jsonw_array(w, "escalations");
	if (paged_levels_of(reply->ground->db, incident_id, write_level, w, err) < 0 ||
			escalations_get(reply->ground->db, incident_id, read_escalation_chain,
					&chain, err) < 0) {
		return -1;
	}
	jsonw_close(w);
	jsonw_time(w, "nextEscalationAt", chain.next_at);
	jsonw_time(w, "nextUpdateAt", chain.update_at);
	return 0;
}
