/* SPDX-License-Identifier: Apache-2.0 */
#include "core_world.h"
#include "core/core_role.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "config/load.h"
#include "sys/file.h"
#include "sys/migrate.h"

struct core_world core_world = { .wall_ms = CORE_WORLD_BEGIN, .mono_ms = CORE_WORLD_MONO };

#define TURNS_MAX 100 /* that follow at once */

/* Never looked into: what is sent to them is seen here. */
static char ends[3];

#define TO_CONTROL ((struct channel *)&ends[0])
#define TO_FRONT   ((struct channel *)&ends[1])
#define TO_EGRESS  ((struct channel *)&ends[2])

static void __attribute__((noreturn)) give_up(const char *what, const struct err *err)
{
	fprintf(stderr, "core_world: %s: %s\n", what, err->msg);
	abort();
}

static void say(const char *what)
{
	if (core_world.on_event) {
		core_world.on_event(what);
	}
}

/* --- the ports --- */

static int64_t wall_ms(void)
{
	core_world_pass(core_world.read_ms);
	return core_world.wall_ms;
}

static int64_t mono_ms(void)
{
	core_world_pass(core_world.read_ms);
	return core_world.mono_ms;
}

static void forget_sent(void)
{
	for (size_t i = 0; i < core_world.sent_len; i++) {
		free(core_world.sent[i].payload);
	}
	core_world.sent_len = 0;
}

static void keep(enum role to, uint16_t type, const void *payload, size_t len)
{
	void *items = core_world.sent;
	struct core_world_sent *sent =
			mem_push(&items, core_world.sent_len, &core_world.sent_cap, sizeof(*sent));

	core_world.sent = items;
	core_world.sent_len++;
	*sent = (struct core_world_sent){ to, type, xmalloc(len + 1), len };
	memcpy(sent->payload, payload, len);
}

static void send_frame(
		struct channel *channel, uint16_t type, const void *payload, size_t len, int fd)
{
	enum role to = channel == TO_FRONT    ? ROLE_FRONT
		       : channel == TO_EGRESS ? ROLE_EGRESS
					      : ROLE_EXECUTOR;

	(void)fd;
	if (core_world.on_sent) {
		core_world.on_sent(to, type, payload, len);
	} else {
		keep(to, type, payload, len);
	}
}

static void flush(struct channel *channel)
{
	(void)channel;
}

static struct core_world_folder *find_folder(const struct attempt_id *id)
{
	for (size_t i = 0; i < core_world.folders_len; i++) {
		if (!memcmp(&core_world.folders[i].id, id, sizeof(*id))) {
			return &core_world.folders[i];
		}
	}
	return NULL;
}

static int look(int storage_fd, const struct attempt_id *id, enum attempt_state *ret_state,
		struct attempt_status *ret_status, struct err *err)
{
	const struct core_world_folder *folder = find_folder(id);

	(void)storage_fd;
	(void)err;
	if (core_world.look) {
		return core_world.look(id, ret_state, ret_status);
	}
	*ret_state = folder ? folder->state : ATTEMPT_ABSENT;
	if (*ret_state == ATTEMPT_ENDED) {
		*ret_status = folder->status;
	}
	return 0;
}

static int output_read(int storage_fd, const struct attempt_id *id, uint64_t total,
		struct attempt_output *ret, struct err *err)
{
	const struct core_world_folder *folder = find_folder(id);

	(void)storage_fd;
	if (core_world.read_output) {
		return core_world.read_output(total, ret);
	}
	*ret = (struct attempt_output){ 0 };
	if (folder && folder->unreadable) {
		return err_set(err, ERR_IO, "open 'output': too many open files");
	}
	if (folder && folder->output) {
		buf_adds(&ret->head, folder->output);
	}
	return 0;
}

static void forget_output(int storage_fd, const struct attempt_id *id)
{
	struct core_world_folder *folder = find_folder(id);

	(void)storage_fd;
	if (folder) {
		free(folder->output);
		folder->output = NULL;
	}
}

const struct ports core_world_ports = {
	.wall_ms = wall_ms,
	.mono_ms = mono_ms,
	.send = send_frame,
	.flush = flush,
	.attempt_look = look,
	.attempt_output_read = output_read,
	.attempt_forget_output = forget_output,
};

static void forget_folders(void)
{
	for (size_t i = 0; i < core_world.folders_len; i++) {
		free(core_world.folders[i].output);
	}
	core_world.folders_len = 0;
}

void core_world_reset(void)
{
	forget_sent();
	forget_folders();
	free(core_world.sent);
	free(core_world.folders);
	core_world = (struct core_world){ .wall_ms = CORE_WORLD_BEGIN, .mono_ms = CORE_WORLD_MONO };
}

/* --- the core --- */

void core_world_init(struct core *core)
{
	*core = (struct core){ 0 };
	core_init(core, &core_world_ports);
	core->ground.links = (struct links){
		.control = TO_CONTROL, .front = TO_FRONT, .egress = TO_EGRESS
	};
	/* A disk with room, which is not looked at. */
	core->storage.space =
			(struct disk_space){ .fd = -1, .reserve = true, .look_at = INT64_MAX };
}

void core_world_open(struct core *core, const char *path)
{
	struct err err;

	core_world_init(core);
	core_open(core, db_open(path, &err));
	if (!core->ground.db || migrate(core->ground.db, &err) < 0) {
		give_up(path, &err);
	}
	core->ground.storage_fd = file_open_dir(AT_FDCWD, ".", &err);
	core->ground.storage_path = xstrdup(".");
	core->ground.external_url = xstrdup("");
}

void core_world_configure(struct core *core, const char *yaml)
{
	struct config_file file = { "test.yml", yaml, (uint32_t)strlen(yaml) };
	const struct config_files files = { .items = &file, .len = 1 };
	auto_buf struct buf report = { 0 };
	bool first = !core->ground.configs.newest;
	struct err err;
	struct config *config = load_config(&files, &report, &err);

	if (!config) {
		fputs(buf_text(&report), stderr);
		give_up("test.yml", &err);
	}
	configs_add(&core->ground.configs, config);
	if ((first ? core_begin(core, &err) : core_config_new(core, &err)) < 0) {
		give_up("test.yml", &err);
	}
}

void core_world_start(struct core *core, const char *yaml)
{
	core_world_open(core, CORE_WORLD_STORE);
	say("the core starts");
	core_world_configure(core, yaml);
	core_world_wait(core, 0);
}

void core_world_reload(struct core *core, const char *yaml)
{
	say("the configuration is read again");
	core_world_configure(core, yaml);
	core_world_wait(core, 0);
}

void core_world_end(struct core *core)
{
	say("the core is killed");
	core->ground.links = (struct links){ 0 };
	core_clear(core);
}

void core_world_remove_store(void)
{
	forget_folders();
	if (unlink(CORE_WORLD_STORE) < 0) {
		perror(CORE_WORLD_STORE);
		abort();
	}
}

/* --- its turns --- */

void core_world_pass(int64_t ms)
{
	core_world.wall_ms += ms;
	core_world.mono_ms += ms;
}

void core_world_hears(struct core *core, enum role from, enum message_id id, const void *msg)
{
	auto_buf struct buf payload = { 0 };
	struct err err;

	if (core_world.on_received) {
		core_world.on_received(from, id, msg);
	}
	wire_encode(message_types[id], msg, &payload);
	if (core_role_frame(core, from, (uint16_t)id, (const unsigned char *)buf_text(&payload),
			    payload.len, -1, &err) < 0) {
		give_up("a message", &err);
	}
}

static void decode(const struct core_world_sent *sent, struct arena *arena, void *ret)
{
	struct err err;

	if (wire_decode(message_types[sent->type], sent->payload, sent->len, arena, ret, &err) <
			0) {
		give_up("what the core sent", &err);
	}
}

static int64_t end_turn(struct core *core)
{
	int64_t wait;

	core_world.turn_at = core_world.sent_len;
	wait = core_tick(core);
	if (core->failure.code != ERR_NONE) {
		give_up("the store failed", &core->failure);
	}
	if (core_world.on_turn) {
		core_world.on_turn(core);
	}
	return wait;
}

int64_t core_world_tick(struct core *core)
{
	forget_sent();
	return end_turn(core);
}

/* Egress has taken what was sent in the turn that ended. Was there anything? */
static bool take_notifications(struct core *core)
{
	size_t end = core_world.sent_len;
	bool any = false;

	for (size_t i = core_world.turn_at; core_world.egress_takes && i < end; i++) {
		const struct core_world_sent *sent = &core_world.sent[i];
		struct arena *arena = arena_new();
		struct msg_notified answer = { .how = NOTIFIED_SENT, .reason = "" };
		struct msg_notify msg;

		if (sent->type == MSG_NOTIFY) {
			decode(sent, arena, &msg);
			answer.id = msg.id;
			core_world_hears(core, ROLE_EGRESS, MSG_NOTIFIED, &answer);
			any = true;
		}
		arena_free(arena);
	}
	return any;
}

void core_world_wait(struct core *core, int64_t ms)
{
	int64_t end = core_world.mono_ms + ms;
	int turns = 0;

	forget_sent();
	for (;;) {
		int64_t wait = end_turn(core);
		int64_t left = end - core_world.mono_ms;

		wait = take_notifications(core) ? 0 : wait;
		turns = wait == 0 ? turns + 1 : 0;
		if (turns == TURNS_MAX) {
			fprintf(stderr, "core_world: the core does not come to rest\n");
			abort();
		}
		if (wait != 0 && left <= 0) {
			return;
		}
		core_world_pass(wait < 0 || wait > left ? left : wait);
	}
}

/* --- what came of it --- */

size_t core_world_count(enum message_id id)
{
	size_t count = 0;

	for (size_t i = 0; i < core_world.sent_len; i++) {
		count += core_world.sent[i].type == id;
	}
	return count;
}

bool core_world_find(enum message_id id, struct arena *arena, void *ret)
{
	for (size_t i = core_world.sent_len; i-- > 0;) {
		if (core_world.sent[i].type == id) {
			decode(&core_world.sent[i], arena, ret);
			return true;
		}
	}
	return false;
}

/* The text of a statement lives as long as its database. */
static const char *__attribute__((format(printf, 1, 0))) sql_of(const char *fmt, va_list ap)
{
	static struct arena *texts;
	char text[4096];

	texts = texts ? texts : arena_new();
	vsnprintf(text, sizeof(text), fmt, ap);
	return arena_strdup(texts, text);
}

void core_world_exec(struct core *core, const char *fmt, ...)
{
	const char *sql;
	struct err err;
	va_list ap;

	va_start(ap, fmt);
	sql = sql_of(fmt, ap);
	va_end(ap);
	if (db_exec(core->ground.db, sql, &err) < 0) {
		give_up(sql, &err);
	}
}

const char *core_world_rows(struct core *core, const char *fmt, ...)
{
	static struct buf text;
	struct stmt *stmt;
	struct err err;
	const char *sql;
	va_list ap;
	int rc;

	va_start(ap, fmt);
	sql = sql_of(fmt, ap);
	va_end(ap);
	stmt = db_stmt(core->ground.db, sql);
	buf_reset(&text);
	while ((rc = stmt_step(stmt, &err)) == 1) {
		const char *value = stmt_col_text(stmt, 0);

		buf_addf(&text, "%s%s", text.len ? ", " : "", value ? value : "-");
	}
	if (rc < 0) {
		give_up(sql, &err);
	}
	return buf_text(&text);
}

struct attempt_id core_world_attempt(const char *text)
{
	struct attempt_id id = { 0 };

	if (sscanf(text, "%" SCNu64 ".%" SCNu32 ".%" SCNu32, &id.run, &id.step, &id.attempt) != 3) {
		fprintf(stderr, "core_world: '%s' is no attempt\n", text);
		abort();
	}
	return id;
}

struct core_world_folder *core_world_folder(const char *attempt)
{
	struct attempt_id id = core_world_attempt(attempt);
	struct core_world_folder *folder = find_folder(&id);
	void *items = core_world.folders;

	if (!folder) {
		folder = mem_push(&items, core_world.folders_len, &core_world.folders_cap,
				sizeof(*folder));
		core_world.folders = items;
		core_world.folders_len++;
		*folder = (struct core_world_folder){ .id = id, .state = ATTEMPT_ALIVE };
	}
	return folder;
}
