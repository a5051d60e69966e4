/* SPDX-License-Identifier: Apache-2.0 */
#include "core/intake/newcomers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/escalate/escalator.h"
#include "domain/details.h"
#include "store/episodes.h"
#include "wire/json_labels.h"

#define NAMED_MAX 10 /* of one incident in one turn; the others are counted */

struct newcomers {
	int64_t incident_id;
	int64_t first; /* a number of the first one's identity, that makes the key its own */
	size_t len;
	struct buf names;
};

static struct newcomers *of_incident(struct intake_room *room, int64_t incident_id)
{
	void *items = room->newcomers;
	struct newcomers *slot;

	for (size_t i = 0; i < room->newcomers_len; i++) {
		if (room->newcomers[i].incident_id == incident_id) {
			return &room->newcomers[i];
		}
	}
	slot = mem_push(&items, room->newcomers_len, &room->newcomers_cap, sizeof(*slot));
	room->newcomers = items;
	room->newcomers_len++;
	*slot = (struct newcomers){ .incident_id = incident_id };
	return slot;
}

/* The alert that opened the incident, with which the new one is compared. */
struct opening {
	struct arena *arena;
	struct labels labels;
};

static void on_incident(const struct incident_row *row, void *arg)
{
	struct opening *opening = arg;
	struct err wrong;

	if (json_labels(row->labels, opening->arena, &opening->labels, &wrong) < 0) {
		opening->labels = (struct labels){ 0 };
	}
}

/* "KubeNodeNotReady node=n8" */
static void add_name(const struct intake *in, const struct subject *subject,
		const struct labels *known, struct buf *out)
{
	const struct labels *labels = &subject->alert->labels;
	size_t begin;

	buf_addf(out, "%s ", subject->alertname);
	begin = out->len;
	details_beside(labels, known, out);
	if (out->len == begin) {
		details_of(labels, in->config->group_by, out);
	}
}

int newcomers_add(struct intake *in, const struct subject *subject, struct err *err)
{
	struct opening opening = { .arena = in->arena };
	struct newcomers *newcomers;
	bool is_news;

	if (in->msg->dry_run) {
		return 0;
	}
	if (episodes_is_newcomer(in->ground->db, subject->identity, subject->incident.id, &is_news,
			    err) < 0) {
		return -1;
	}
	if (!is_news) {
		return 0;
	}
	newcomers = of_incident(in->room, subject->incident.id);
	if (newcomers->len++ >= NAMED_MAX) {
		return 0;
	}
	if (incidents_get(in->ground->db, subject->incident.id, on_incident, &opening, err) < 0) {
		return -1;
	}
	if (newcomers->len == 1) {
		memcpy(&newcomers->first, subject->identity, sizeof(newcomers->first));
	}
	buf_adds(&newcomers->names, newcomers->names.len ? "; " : "");
	add_name(in, subject, &opening.labels, &newcomers->names);
	return 0;
}

static int tell(struct intake_room *room, const struct newcomers *newcomers, struct err *err)
{
	size_t more = newcomers->len > NAMED_MAX ? newcomers->len - NAMED_MAX : 0;
	auto_buf struct buf why = { 0 };
	char key[32];

	if (newcomers->len == 1) {
		buf_adds(&why, "another alert fires: ");
	} else {
		buf_addf(&why, "%zu more alerts fire: ", newcomers->len);
	}
	buf_adds(&why, buf_text(&newcomers->names));
	if (more) {
		buf_addf(&why, "; and %zu more", more);
	}
	snprintf(key, sizeof(key), "joined-%016" PRIx64, (uint64_t)newcomers->first);
	return escalator_joined(room->escalate, newcomers->incident_id, key, buf_text(&why), err);
}

int newcomers_tell(struct intake_room *room, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < room->newcomers_len; i++) {
		rc = tell(room, &room->newcomers[i], err);
	}
	newcomers_clear(room);
	return rc;
}

void newcomers_clear(struct intake_room *room)
{
	for (size_t i = 0; i < room->newcomers_len; i++) {
		buf_clear(&room->newcomers[i].names);
	}
	free(room->newcomers);
	room->newcomers = NULL;
	room->newcomers_len = 0;
	room->newcomers_cap = 0;
}
