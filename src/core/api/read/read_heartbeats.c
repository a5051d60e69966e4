/* SPDX-License-Identifier: Apache-2.0 */
#include "core/api/read/read_heartbeats.h"

#include "core/api/read/read_playbooks.h"

static void write_heartbeat(struct jsonw *w, const struct pulse *pulse)
{
	const struct heartbeat *heartbeat = pulse->heartbeat;

	jsonw_object(w, NULL);
	jsonw_str(w, "name", heartbeat->name);
	jsonw_array(w, "matchers");
	for (size_t i = 0; i < heartbeat->matchers_len; i++) {
		read_playbooks_matcher(w, &heartbeat->matchers[i]);
	}
	jsonw_close(w);
	jsonw_int(w, "everyMs", heartbeat->every_ms);
	jsonw_str(w, "level", heartbeat->level);
	jsonw_time(w, "lastAt", pulse->last_at);
	jsonw_time(w, "missingSince", pulse->missing_at);
	jsonw_close(w);
}

int read_heartbeats(struct reply *reply, struct err *err)
{
	const struct intake_room *intake = reply->api->intake;

	(void)err;
	jsonw_object(&reply->w, NULL);
	jsonw_array(&reply->w, "heartbeats");
	for (size_t i = 0; i < intake->pulses_len; i++) {
		write_heartbeat(&reply->w, &intake->pulses[i]);
	}
	jsonw_close(&reply->w);
	jsonw_close(&reply->w);
	return 0;
}
