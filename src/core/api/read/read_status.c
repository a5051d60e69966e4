#include "core/api/read/read_status.h"

#include "core/core.h"
#include "sys/digest.h"

void api_write_status(struct jsonw *w, const struct core *core)
{
	const struct daemon_state *daemon = &core->daemon;
	const struct config *config = core_config(core);
	char hash[DIGEST_TEXT_MAX];

	jsonw_object(w, NULL);
	jsonw_str(w, "version", PLAYBOOKD_VERSION);
	jsonw_time(w, "startedAt", daemon->started_at);
	jsonw_str(w, "storagePath", core->storage_path);
	jsonw_object(w, "config");
	jsonw_str(w, "path", daemon->config_path ? daemon->config_path : "");
	jsonw_str(w, "hash", digest_text(config->hash, hash));
	jsonw_time(w, "loadedAt", daemon->config_loaded_at);
	jsonw_bool(w, "lastReloadSuccessful", daemon->config_ok);
	jsonw_int(w, "playbooks", (int64_t)config->playbooks_len);
	jsonw_int(w, "checks", (int64_t)config->checks_len);
	jsonw_bool(w, "dryRun", config->dry_run);
	jsonw_close(w);
	jsonw_int(w, "runsActive", (int64_t)core->runner.len);
	jsonw_object(w, "pause");
	pause_write(w, core);
	jsonw_close(w);
	audit_write(w, core);
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
	jsonw_close(w);
}
