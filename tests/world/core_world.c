#include "core_world.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "config/load.h"
#include "sys/file.h"
#include "sys/migrate.h"

struct core_world core_world;

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

static int64_t wall_ms(void)
{
	return core_world.real_clock ? clock_wall_ms() : core_world.wall_ms;
}

static int64_t mono_ms(void)
{
	return core_world.real_clock ? clock_mono_ms() : core_world.mono_ms;
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

static int look(int storage_fd, const struct attempt_id *id, enum attempt_state *ret_state,
		struct attempt_status *ret_status, struct err *err)
{
	return core_world.look ? core_world.look(id, ret_state, ret_status)
			       : attempt_look(storage_fd, id, ret_state, ret_status, err);
}

static int output_read(int storage_fd, const struct attempt_id *id, uint64_t total,
		struct attempt_output *ret, struct err *err)
{
	return core_world.read_output ? core_world.read_output(total, ret)
				      : attempt_output_read(storage_fd, id, total, ret, err);
}

static void forget_output(int storage_fd, const struct attempt_id *id)
{
	if (!core_world.look) {
		attempt_forget_output(storage_fd, id);
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

void core_world_reset(void)
{
	forget_sent();
	free(core_world.sent);
	core_world = (struct core_world){ .wall_ms = CORE_WORLD_BEGIN, .mono_ms = 1000000 };
}

void core_world_pass(int64_t ms)
{
	core_world.wall_ms += ms;
	core_world.mono_ms += ms;
}

void core_world_init(struct core *core)
{
	*core = (struct core){ 0 };
	core_init(core, &core_world_ports);
	core->ground.links = (struct links){
		.control = TO_CONTROL, .front = TO_FRONT, .egress = TO_EGRESS
	};
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
	core->ground.external_url = xstrdup("");
}

void core_world_end(struct core *core)
{
	core->ground.links = (struct links){ 0 };
	core_clear(core);
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

void core_world_hears(struct core *core, enum role from, enum message_id id, const void *msg)
{
	auto_buf struct buf payload = { 0 };
	struct err err;

	wire_encode(message_types[id], msg, &payload);
	if (core_frame(core, from, (uint16_t)id, (const unsigned char *)buf_text(&payload),
			    payload.len, -1, &err) < 0) {
		give_up("a message", &err);
	}
}

int64_t core_world_tick(struct core *core)
{
	int64_t wait;

	forget_sent();
	wait = core_tick(core);
	if (core->failure.code != ERR_NONE) {
		give_up("the store failed", &core->failure);
	}
	return wait;
}

void core_world_settle(struct core *core)
{
	for (int i = 0; i < 100 && core_world_tick(core) == 0; i++) {
	}
}

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
	struct err err;

	for (size_t i = core_world.sent_len; i-- > 0;) {
		const struct core_world_sent *sent = &core_world.sent[i];

		if (sent->type == id) {
			if (wire_decode(message_types[id], sent->payload, sent->len, arena, ret,
					    &err) < 0) {
				give_up("what the core sent", &err);
			}
			return true;
		}
	}
	return false;
}
