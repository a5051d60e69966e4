/* SPDX-License-Identifier: Apache-2.0 */
#include "core/api/read/read_status.h"

#include "core/api/read/read_pause.h"
#include "sys/digest.h"

/* As member `audit`: {"newest":12,"hash":"…"}; null: there is none. */
static void write_audit(struct jsonw *w, const struct ground *ground)
{
	const struct audit_newest *newest = &ground->audit;
	char text[DIGEST_TEXT_MAX];

	if (!newest->id) {
		jsonw_null(w, "audit");
		return;
	}
	jsonw_object(w, "audit");
	jsonw_int(w, "newest", newest->id);
	jsonw_str(w, "hash", digest_text(newest->hash, text));
	jsonw_close(w);
}

static void write_alertmanagers(struct jsonw *w, const struct upstream_room *upstream)
{
	jsonw_array(w, "alertmanagers");
	for (size_t k = 0; k < upstream->peers_len; k++) {
		const struct upstream_peer *peer = &upstream->peers[k];

		jsonw_object(w, NULL);
		jsonw_str(w, "url", peer->name);
		if (peer->asked) {
			jsonw_bool(w, "up", peer->up);
		} else {
			jsonw_null(w, "up");
		}
		jsonw_time(w, "lastAnswerAt", peer->last_answer_at);
		jsonw_time(w, "startedAt", peer->start.started_at);
		jsonw_str(w, "error", peer->error);
		jsonw_close(w);
	}
	jsonw_close(w);
}

int read_status(struct reply *reply, struct err *err)
{
	const struct ground *ground = reply->ground;
	struct jsonw *w = &reply->w;
	const struct daemon_state *daemon = &ground->daemon;
	const struct config *config = configs_now(&ground->configs);
	char hash[DIGEST_TEXT_MAX];

	(void)err;
	jsonw_object(w, NULL);
	jsonw_str(w, "version", PLAYBOOKD_VERSION);
	jsonw_time(w, "startedAt", daemon->started_at);
	jsonw_str(w, "storagePath", ground->storage_path);
	jsonw_object(w, "config");
	jsonw_str(w, "path", daemon->config_path ? daemon->config_path : "");
	jsonw_str(w, "hash", digest_text(config->hash, hash));
	jsonw_time(w, "loadedAt", daemon->config_loaded_at);
	jsonw_bool(w, "lastReloadSuccessful", daemon->config_ok);
	jsonw_int(w, "playbooks", (int64_t)config->playbooks_len);
	jsonw_int(w, "checks", (int64_t)config->checks_len);
	jsonw_bool(w, "dryRun", config->dry_run);
	jsonw_close(w);
	jsonw_int(w, "runsActive", (int64_t)reply->api->run->len);
	jsonw_object(w, "pause");
	read_pause_members(w, ground);
	jsonw_close(w);
	write_audit(w, ground);
	jsonw_array(w, "roles");
	for (size_t i = 0; i < daemon->roles_len; i++) {
		jsonw_object(w, NULL);
		jsonw_str(w, "name", role_names[daemon->roles[i].role]);
		jsonw_id(w, "pid", daemon->roles[i].pid);
		jsonw_time(w, "startedAt", daemon->roles[i].started_at);
		jsonw_int(w, "restarts", (int64_t)daemon->roles[i].restarts);
		jsonw_close(w);
	}
	jsonw_close(w);
	write_alertmanagers(w, reply->api->upstream);
	jsonw_close(w);
	return 0;
}

int read_status_ready(struct reply *reply, struct err *err)
{
	(void)err;
	if (disk_space_admit(&reply->api->storage->space, reply->ground->turn.mono_ms,
			    &reply->problem) == 0) {
		reply->content_type = "text/plain; charset=utf-8";
		buf_adds(&reply->content, "playbookd is ready.\n");
	}
	return 0;
}
