/* SPDX-License-Identifier: Apache-2.0 */
#include "core/intake/unheard.h"

#include "core/intake/incident_of.h"
#include "store/episodes.h"

bool unheard_no_more(const struct intake *in, const struct consider_matches *matches)
{
	return matches->len || matches->error.code != ERR_NONE || in->own ||
	       in->config->unmatched_incident;
}

int unheard_take(struct intake *in, struct subject *subject, struct err *err)
{
	struct consider_matches matches = consider_match(in, subject->alert);
	const struct playbook *first = matches.len ? matches.items[0] : NULL;

	if (!unheard_no_more(in, &matches)) {
		return consider_all(in, subject, &matches, err);
	}
	if (incident_of_join(in, subject, first, err) < 0 ||
			episodes_join(in->ground->db, subject->episode_id, subject->incident.id,
					err) < 0) {
		return -1;
	}
	subject->repeats = false;
	subject->arrival = matches.len ? subject->arrival : "";
	return consider_all(in, subject, &matches, err);
}
