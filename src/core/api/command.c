/* SPDX-License-Identifier: Apache-2.0 */
#include "core/api/command.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "store/idempotency.h"

/* What was asked, whatever its spelling in JSON was. */
static void hash_of(const struct msg_query *query, uint8_t ret_hash[DIGEST_SIZE])
{
	uint8_t args[DIGEST_SIZE];
	auto_buf struct buf all = { 0 };

	labels_identity(&query->args, args);
	buf_add(&all, query->ids, sizeof(query->ids));
	buf_add(&all, args, sizeof(args));
	digest_sha256(all.data, all.len, ret_hash);
}

/* The command that is there already. */
struct earlier {
	struct reply *reply;
	const uint8_t *hash;
};

static void repeat(const struct idempotency_row *row, void *arg)
{
	const struct earlier *earlier = arg;
	struct reply *reply = earlier->reply;

	if (memcmp(row->hash, earlier->hash, DIGEST_SIZE) != 0) {
		err_set(&reply->problem, ERR_CONFLICT,
				"the Idempotency-Key '%s' was used for another command", row->key);
		return;
	}
	jsonw_raw(&reply->w, NULL, row->answer);
}

/* run/7, playbook/restart-web, pause */
static void name_object(const struct reply *reply, const struct command *command, struct buf *out)
{
	const char *playbook = reply_arg(reply, "playbook");
	uint64_t id = reply->query->ids[0];

	buf_adds(out, command->object);
	if (id) {
		buf_addf(out, "/%" PRIu64, id);
	} else if (playbook) {
		buf_addf(out, "/%s", playbook);
	}
}

/* A dry run asks what would be done: it does nothing. */
static bool is_question(const struct reply *reply)
{
	return reply_arg_true(reply, "dry_run");
}

/* Nothing was done that was refused. */
static int write_down(struct reply *reply, const struct command *command, struct err *err)
{
	auto_buf struct buf object = { 0 };

	if (reply->problem.code != ERR_NONE || is_question(reply)) {
		return 0;
	}
	name_object(reply, command, &object);
	return audit_chain_add(reply->ground,
			&(struct audit_entry){ .principal = reply->query->principal,
					.action = command->word,
					.object = buf_text(&object),
					.args = &reply->query->args },
			err);
}

static int run_command(struct reply *reply, const struct command *command, struct err *err)
{
	return command->fn(reply, err) < 0 ? -1 : write_down(reply, command, err);
}

int command_once(struct reply *reply, const struct command *command, struct err *err)
{
	struct db *db = reply->ground->db;
	uint8_t hash[DIGEST_SIZE];
	struct earlier earlier = { reply, hash };
	struct idempotency_row row = { .principal = reply->query->principal,
		.route = command->word,
		.key = reply->query->key,
		.hash = hash,
		.at = reply->ground->turn.wall_ms };
	int rc;

	if (turn_write(&reply->ground->turn, err) < 0) {
		return -1;
	}
	if (!*row.key || is_question(reply)) {
		return run_command(reply, command, err);
	}
	hash_of(reply->query, hash);
	rc = idempotency_get(db, &row, repeat, &earlier, err);
	if (rc != 0) {
		return rc < 0 ? -1 : 0;
	}
	if (run_command(reply, command, err) < 0) {
		return -1;
	}
	row.answer = buf_text(&reply->content);
	return reply->problem.code == ERR_NONE ? idempotency_add(db, &row, err) : 0;
}
