/* SPDX-License-Identifier: Apache-2.0 */
#include "core/core_role.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "core_world.h"
#include "peers.h"
#include "sys/file.h"
#include "test.h"

static const char yaml[] =
		"playbooks: [{ name: p, matchers: [alertname=Down], steps: [{ name: s, wait: 1h }] }]\n";

/* Another role's message. Returns what the core says of its sender. */
static int hear(struct core *core, enum role from, enum message_id id, const void *msg)
{
	auto_buf struct buf payload = { 0 };
	struct err err;

	wire_encode(message_types[id], msg, &payload);
	return core_role_frame(core, from, (uint16_t)id, (const unsigned char *)buf_text(&payload),
			payload.len, -1, &err);
}

static int set_up(struct core *core)
{
	const struct msg_setup msg = {
		.storage_path = test_dir(), .external_url = "", .operator_token = ""
	};

	return hear(core, ROLE_EXECUTOR, MSG_SETUP, &msg);
}

static int configure(struct core *core, const char *text)
{
	struct config_file file = { "test.yml", text, (uint32_t)strlen(text) };
	const struct msg_config msg = { .files = &file, .files_len = 1, .by = "eve" };

	return hear(core, ROLE_EXECUTOR, MSG_CONFIG, &msg);
}

TEST(its_parent_sets_the_core_up_and_is_answered_when_it_is_ready)
{
	struct core core;

	core_world_init(&core);
	ck_int(core_world_tick(&core), -1);
	ck_int(set_up(&core), 0);
	core_world_tick(&core);
	ck_int(core_world_count(MSG_READY), 0);
	ck_int(configure(&core, yaml), 0);
	core_world_tick(&core);
	ck_int(core_world_count(MSG_READY), 1);
	ck_int(configure(&core, yaml), 0); /* a reload */
	core_world_tick(&core);
	ck_int(core_world_count(MSG_READY), 0);
	ck_str(core_world_rows(&core, "SELECT principal || ' ' || action FROM audit"),
			"eve reload");
	core_world_end(&core);
}

/* A reload is not answered before that: what is asked afterwards meets the new configuration. */
TEST(its_parent_is_told_of_a_configuration_that_is_committed_and_in_force)
{
	const struct msg_sync sync = { .number = 7 };
	struct arena *arena = arena_new();
	struct msg_synced synced;
	struct core core;

	core_world_init(&core);
	ck_int(set_up(&core), 0);
	ck_int(configure(&core, yaml), 0);
	core_world_tick(&core);
	ck_int(configure(&core, yaml), 0);
	ck_int(hear(&core, ROLE_EXECUTOR, MSG_SYNC, &sync), 0);
	ck_int(core_world_count(MSG_SYNCED), 0);
	core_world_tick(&core);
	ck(core_world_find(MSG_SYNCED, arena, &synced));
	ck_int(synced.number, 7);
	arena_free(arena);
	core_world_end(&core);
}

TEST(a_sender_that_breaks_the_protocol_is_not_believed)
{
	struct role_state role = { .role = ROLES };
	const struct msg_roles roles = { .roles = &role, .roles_len = 1, .config_path = "" };
	const struct msg_peer peer = { ROLE_FRONT };
	const struct msg_query query = { .route = ROUTES, .principal = "eve", .key = "" };
	struct core core;

	core_world_init(&core);
	ck_int(configure(&core, yaml), -1); /* before setup */
	ck_int(set_up(&core), 0);
	ck_int(set_up(&core), -1);
	ck_int(configure(&core, "playbooks: [{ name: p }]\n"), -1);
	ck_int(configure(&core, yaml), 0);
	ck_int(hear(&core, ROLE_EXECUTOR, MSG_ROLES, &roles), -1);
	ck_int(hear(&core, ROLE_EXECUTOR, MSG_PEER, &peer), -1); /* without its descriptor */
	ck_int(hear(&core, ROLE_EXECUTOR, MSG_QUERY, &query), -1);
	ck_int(hear(&core, ROLE_FRONT, MSG_QUERY, &query), -1);
	core_world_tick(&core);
	core_world_end(&core);
}

/* No start will change that, and only an operator may delete it. */
TEST(a_store_that_is_none_ends_the_core)
{
	static const char text[] = "this is not the file of a database, and never was one\n";
	struct core core;
	struct err err;

	must_ok(file_write_durable(AT_FDCWD, "playbookd.db", text, strlen(text), 0600, &err), err);
	core_world_init(&core);
	ck_int(set_up(&core), 0); /* not its sender's fault */
	ck_int(core.failure.code, ERR_CORRUPT);
	ck_int(core_tick(&core), -1);
	ck_int(configure(&core, yaml), 0); /* nothing is done any more */
	ck(core.ground.configs.newest == NULL);
	core_world_end(&core);
}

/* What was not committed was not answered, and the reserve gives the next core room to begin. */
TEST(a_store_without_room_ends_the_core_and_gives_up_the_reserve)
{
	const struct msg_query query = { .id = 1,
		.route = ROUTE_PAUSE_BEGIN,
		.principal = "eve",
		.key = "",
		.args = { (struct label[]){ { "reason", NULL } }, 1 } };
	struct buf reason = { 0 };
	struct core core;
	struct stat st;

	core_world_init(&core);
	ck_int(set_up(&core), 0);
	ck_int(configure(&core, yaml), 0);
	core_world_tick(&core);
	must(stat("reserve", &st) == 0);
	while (reason.len < 1000000) {
		buf_adds(&reason, "no room for this ");
	}
	query.args.items[0].value = buf_text(&reason);
	core_world_exec(&core, "PRAGMA max_page_count = 10");
	ck_int(hear(&core, ROLE_FRONT, MSG_QUERY, &query), 0);
	core_tick(&core);
	ck_int(core.failure.code, ERR_FULL);
	ck_int(core_world_count(MSG_ANSWER), 0);
	ck_int(stat("reserve", &st), -1);
	buf_clear(&reason);
	core_world_end(&core);
}

/* A migration takes its time, in the turn in which the configuration comes, too. */
TEST(what_the_core_takes_up_has_the_time_after_its_store_was_opened)
{
	struct core core;

	core_world_init(&core);
	ck_int(set_up(&core), 0);
	core_world_pass(60000);
	ck_int(configure(&core, yaml), 0);
	ck_int(core.ground.turn.mono_ms, core_world.mono_ms);
	ck_int(core.ground.turn.wall_ms, core_world.wall_ms);
	core_world_end(&core);
}
