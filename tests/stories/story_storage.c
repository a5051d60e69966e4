/* SPDX-License-Identifier: Apache-2.0 */
#include "core_world.h"
#include "peers.h"
#include "test.h"
#include "transcript.h"

#define MINUTE (INT64_C(60) * 1000)

static const char yaml[] =
		"playbooks:\n"
		"  - name: restart\n"
		"    matchers: [alertname=Down]\n"
		"    incident: { group_by: [service] }\n"
		"    params: { service: { from: labels.service, pattern: '[a-z]+' } }\n"
		"    guards: { lock: one }\n"
		"    steps: [{ name: one, run: [restart] }, { name: two, run: [restart] }]\n";

static const char *const argus[] = { "alertname", "Down", "service", "argus", NULL };
static const char *const iris[] = { "alertname", "Down", "service", "iris", NULL };

/* As it was last measured. */
static void disk_is_full(struct core *core)
{
	core->storage.space.free = INT64_C(1) << 20;
	core->storage.space.min_free = INT64_C(2) << 20;
	core->storage.space.degraded = true;
}

/* The real one is measured. */
static void disk_has_room(struct core *core)
{
	core->storage.space.fd = core->ground.storage_fd;
	core->storage.space.min_free = 0;
	core->storage.space.look_at = 0;
}

/* Nothing new is taken in, but what runs goes on. */
TEST(the_disk_is_full_and_has_room_again)
{
	struct core core;

	transcript_begin();
	core_world_start(&core, yaml);
	peers_fires(&core, argus);
	peers_fires(&core, iris);
	peers_started(&core, "1.0.1");
	transcript_forget();
	disk_is_full(&core);
	ck_int(peers_fires(&core, iris).code, ERR_BUSY);
	ck_int(peers_ask(&core, &(struct peers_question){ ROUTE_READY }).code, ERR_BUSY);
	peers_exited(&core, "1.0.1", 0);
	peers_do(&core, "1.1.1");
	core_world_wait(&core, MINUTE);
	disk_has_room(&core);
	core_world_wait(&core, MINUTE);
	CK_STORY("00:00 Down iris fires\n"
		 "00:00 refused: the disk is nearly full (1.0 MiB are free, 2.0 MiB must be): playbookd takes no deliveries until there is room\n"
		 "00:00 refused: the disk is nearly full (1.0 MiB are free, 2.0 MiB must be): playbookd takes no deliveries until there is room\n"
		 "00:00 1.0.1 exited 0\n"
		 "00:00 START 1.1.1\n"
		 "00:00 1.1.1 started\n"
		 "00:00 GO 1.1.1\n"
		 "00:00 1.1.1 exited 0\n"
		 "00:00 incident 1 needs an operator: run 1 (restart) collected evidence; nothing was changed or verified\n"
		 "00:00 run 1 (restart) succeeded: all steps done\n"
		 "01:00 run 2 (restart) running\n"
		 "01:00 START 2.0.1\n");
	ck_str(peers_ask(&core, &(struct peers_question){ ROUTE_READY }).text,
			"playbookd is ready.\n");
	core_world_end(&core);
}

static const char *count(struct core *core, const char *table)
{
	return core_world_rows(core, "SELECT count(*) FROM %s", table);
}

/* The newest row of each kind stays, since ids are never given twice. */
TEST(what_is_over_goes_when_it_is_old_and_what_is_open_stays)
{
	struct core core;

	core_world_start(&core, yaml);
	core.storage.retention_ms = 60 * MINUTE;
	peers_fires(&core, argus);
	peers_do(&core, "1.0.1");
	peers_do(&core, "1.1.1");
	core_world_wait(&core, MINUTE);
	peers_resolves(&core, argus);
	peers_fires(&core, iris);
	peers_ask(&core, &(struct peers_question){ ROUTE_NOTE, 2, .args = PAIRS("text", "hm") });
	core_world_wait(&core, 59 * MINUTE);
	ck_str(core_world_rows(&core, "SELECT id FROM incident"), "1, 2");
	core_world_wait(&core, 60 * MINUTE);
	ck_str(core_world_rows(&core, "SELECT id FROM incident"), "2");
	ck_str(core_world_rows(&core, "SELECT id FROM run"), "2");
	ck_str(core_world_rows(&core, "SELECT id FROM episode"), "2");
	ck_str(core_world_rows(&core, "SELECT id FROM delivery"), "3");
	ck_str(core_world_rows(&core, "SELECT DISTINCT incident_id FROM timeline"), "2");
	ck_str(count(&core, "audit"), "1");
	core_world_end(&core);
}
