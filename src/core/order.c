#include "core/order.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "core/core.h"
#include "store/orders.h"

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

/* The order that is there already. */
struct earlier {
	struct reply *reply;
	const uint8_t *hash;
};

static void repeat(const struct order_row *row, void *arg)
{
	const struct earlier *earlier = arg;
	struct reply *reply = earlier->reply;

	if (memcmp(row->hash, earlier->hash, DIGEST_SIZE) != 0) {
		err_set(&reply->problem, ERR_CONFLICT,
				"the Idempotency-Key '%s' was used for something else", row->key);
		return;
	}
	jsonw_raw(&reply->w, NULL, row->answer);
}

int order_once(struct reply *reply, const char *word,
		int (*fn)(struct reply *reply, struct err *err), struct err *err)
{
	struct db *db = reply->core->db;
	uint8_t hash[DIGEST_SIZE];
	struct earlier earlier = { reply, hash };
	struct order_row row = { .principal = reply->query->principal,
		.route = word,
		.key = reply->query->key,
		.hash = hash,
		.at = clock_wall_ms() };
	int rc;

	if (turn_write(&reply->core->turn, err) < 0) {
		return -1;
	}
	if (!*row.key) {
		return fn(reply, err);
	}
	hash_of(reply->query, hash);
	rc = orders_get(db, &row, repeat, &earlier, err);
	if (rc != 0) {
		return rc < 0 ? -1 : 0;
	}
	if (fn(reply, err) < 0) {
		return -1;
	}
	row.answer = buf_text(&reply->content);
	return reply->problem.code == ERR_NONE ? orders_add(db, &row, err) : 0;
}
