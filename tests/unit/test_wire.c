/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/message.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

/* One example of every message, with every kind of field filled in. */

static struct label params[] = { { "instance", "argus-1" }, { "service", "" } };
static struct label none[1];
static struct matcher filters[] = {
	{ "service", "argus|hermes", MATCHER_REGEX, NULL },
	{ "severity", "", MATCHER_NOT_EQUAL, NULL },
};
static struct config_file files[] = {
	{ "/etc/a.yml", "global:\n\0x", 10 },
	{ "/etc/b.txt", "", 0, CONFIG_TEMPLATE },
};
static struct role_state role_states[] = {
	{ ROLE_CORE, 100, 1763851200000, 3 },
	{ ROLE_EGRESS, 0, 0, UINT64_MAX },
};
static struct alert alerts[] = {
	{ .status = ALERT_FIRING,
			.labels = { params, 2 },
			.annotations = { params, 1 },
			.starts_at = 1763851200000,
			.generator_url = "http://prometheus/graph?g0.expr=up",
			.fingerprint = "0123456789abcdef" },
	{ .status = ALERT_RESOLVED,
			.labels = { none, 0 },
			.ends_at = -1,
			.generator_url = "",
			.fingerprint = "",
			.broken = "labels.service: expected string" },
};

static const struct attempt_id id = { UINT64_MAX - 1, 2, 3 };
static const struct msg_setup setup = { "/var/lib/playbookd", "", "token", 31536000000 };
static const struct msg_listen listening = { "127.0.0.1:9098" };
static const struct msg_peer peer = { ROLE_FRONT };
static const struct msg_config config = { files, 2, "operator" };
static const struct msg_roles roles = { role_states, 2, 1, 2, 1, "/etc/playbookd.yml" };
static const struct msg_reload reload = { 5, "operator" };
static const struct msg_reloaded reloaded = { 5, ERR_INPUT, "a.yml:1:2: error: no" };
static const struct msg_sync sync_asked = { 6 };
static const struct msg_synced synced = { 6 };
static const struct msg_ready ready = { 255 };
static const struct msg_start start = {
	.id = { 7, 8, 9 },
	.config_hash = { 1, 2, 0, 255 },
	.playbook = "restart",
	.params = { params, 2 },
	.incident = 4,
	.trigger = "alert",
	.alertname = "ServiceDown",
	.status = "firing",
	.alert = { (const unsigned char *)"{}", 2 },
};
static const struct msg_started started = { { 7, 8, 9 }, 1234, 99999, "b5f1" };
static const struct msg_refused refused = { { 7, 8, 9 }, REFUSED_CONFIG, "other configuration" };
static const struct msg_deliver deliver = {
	.id = 1,
	.principal = "alertmanager",
	.replay_of = 3,
	.dry_run = 1,
	.override_guards = 1,
	.reason = "it is needed",
	.key = "k1",
	.delivery = { "playbookd", "{}:{a=\"b\"}", "http://am:9093", "firing", 17,
			"groupKey is taken as text", { params, 2 }, alerts, 2 },
	.body = { (const unsigned char *)"\0\xff", 2 },
};
static const struct msg_rejected rejected = { "anonymous", "127.0.0.1", 413, "too long", UINT64_MAX,
	3, { 1, 2, 3 }, { (const unsigned char *)"\0\xff", 2 } };
static const struct msg_query query = {
	.id = 2,
	.route = ROUTE_OUTPUT,
	.ids = { 4, UINT64_MAX },
	.principal = "",
	.key = "8e03978e-40d5-43dd-bc93-6894a57f9324",
	.args = { params, 2 },
	.filters = filters,
	.filters_len = 2,
};
static const struct msg_answer answer = { 2, ERR_BUG, "broken", "text/plain",
	{ (const unsigned char *)"x", 1 } };
static struct check_field check_fields[] = { { "status", "ok" }, { "queues.0.length", "" } };
static const struct msg_probe probe = { 3, CHECK_TCP, "", "[::1]:5432", 200, 1, NULL, check_fields,
	2, 3000 };
static const struct msg_probe_command probe_command = { 3, { 1, 2, 3 }, "queue" };
static const struct msg_probed probed = { 3, VERDICT_UNKNOWN, "200 OK" };
static struct endpoint endpoints[] = {
	{ .name = "webhook http://127.0.0.1/…",
			.kind = ENDPOINT_WEBHOOK,
			.timeout_ms = 10000,
			.ca = "-----BEGIN CERTIFICATE-----",
			.payload = PAYLOAD_SLACK,
			.url = "http://127.0.0.1/secret",
			.auth_type = "Bearer",
			.credentials = "token",
			.to = "",
			.from = "",
			.smarthost = "",
			.hello = "" },
	{ .name = "email a@b.test",
			.kind = ENDPOINT_EMAIL,
			.timeout_ms = 1,
			.username = "u",
			.password = "p",
			.url = "",
			.auth_type = "",
			.to = "a@b.test",
			.from = "c@d.test",
			.smarthost = "[::1]:25",
			.hello = "localhost",
			.require_tls = true },
};
static struct receiver receivers[] = { { "crew", endpoints, 2 }, { "nobody", NULL, 0 } };
static struct alertmanager alertmanagers[] = {
	{ .http = { .name = "http://am:9093",
			  .url = "http://am:9093",
			  .auth_type = "Bearer",
			  .credentials = "token",
			  .to = "",
			  .from = "",
			  .smarthost = "",
			  .hello = "" },
			.ask_every_ms = 60000,
			.settle_ms = 300000 },
};
static const struct msg_receivers receivers_told = { receivers, 2, alertmanagers, 1 };
static struct ask_group cuts[] = { { 4, "team\\.db", { params, 2 } }, { 5, "", { NULL, 0 } } };
static const struct msg_ask ask = { 9, "http://am:9093", 0,
	{ (const unsigned char *)"0123456789abcdef0123456789abcdef", 32 }, cuts, 2 };
static struct listed listed_alerts[] = {
	{ { 1, 2, 3 }, UPSTREAM_SUPPRESSED, "silenced in Alertmanager by alice", 1795000000000 },
	{ { 4 }, UPSTREAM_ACTIVE, "", 0 },
};
static const struct msg_listed listed = { 9, listed_alerts, 2 };
static const struct msg_fetched fetched = { 9, 4, alerts, 2 };
static const struct msg_asked asked = { 9, 1, "", 1795000000000, 3 };
static const struct msg_notify notify = { 7, "incident/7/1/initial", "crew", "email a@b.test",
	"initial", "subject", "line\nline", 7, "{}", INT64_MAX };
static const struct msg_notified notified = { 7, NOTIFIED_LATER, "status 503" };

static const void *const examples[MSG_IDS] = {
	[MSG_SETUP] = &setup,
	[MSG_LISTEN] = &listening,
	[MSG_PEER] = &peer,
	[MSG_CONFIG] = &config,
	[MSG_ROLES] = &roles,
	[MSG_RELOAD] = &reload,
	[MSG_RELOADED] = &reloaded,
	[MSG_READY] = &ready,
	[MSG_START] = &start,
	[MSG_STARTED] = &started,
	[MSG_REFUSED] = &refused,
	[MSG_GO] = &id,
	[MSG_CANCEL] = &id,
	[MSG_ENDED] = &id,
	[MSG_DELIVER] = &deliver,
	[MSG_QUERY] = &query,
	[MSG_REJECTED] = &rejected,
	[MSG_ANSWER] = &answer,
	[MSG_PROBE] = &probe,
	[MSG_PROBED] = &probed,
	[MSG_NOTIFY] = &notify,
	[MSG_NOTIFIED] = &notified,
	[MSG_RECEIVERS] = &receivers_told,
	[MSG_PROBE_COMMAND] = &probe_command,
	[MSG_SYNC] = &sync_asked,
	[MSG_SYNCED] = &synced,
	[MSG_ASK] = &ask,
	[MSG_LISTED] = &listed,
	[MSG_FETCHED] = &fetched,
	[MSG_ASKED] = &asked,
};

/* Are two structs of type equal, field by field? Knows the tables, not the encoding. */

static void ck_equal(const struct wire_type *type, const void *a, const void *b);

static void ck_equal_lists(const struct wire_field *field, const char *a, const char *b)
{
	size_t len = *(const size_t *)(const void *)(a + field->count_offset);
	const char *items_a = *(const char *const *)(const void *)(a + field->offset);
	const char *items_b = *(const char *const *)(const void *)(b + field->offset);

	ck_int(*(const size_t *)(const void *)(b + field->count_offset), len);
	ck(len == 0 || items_a != items_b);
	for (size_t i = 0; i < len; i++) {
		ck_equal(field->type, items_a + i * field->type->size,
				items_b + i * field->type->size);
	}
}

static void ck_equal_bytes(const struct bytes *a, const struct bytes *b)
{
	ck_int(b->len, a->len);
	ck(b->data && b->len == a->len && !memcmp(a->data, b->data, a->len));
	ck_int(b->data[b->len], 0);
}

static void ck_equal_field(const struct wire_field *field, const char *a, const char *b)
{
	static const size_t sizes[WIRE_KINDS] = { 1, 2, 4, 8, 8 };
	const void *member_a = a + field->offset;
	const void *member_b = b + field->offset;

	switch ((enum wire_kind)field->kind) {
	case WIRE_U8:
	case WIRE_U16:
	case WIRE_U32:
	case WIRE_U64:
	case WIRE_I64:
		ck(!memcmp(member_a, member_b, sizes[field->kind]));
		break;
	case WIRE_FIXED:
		ck(!memcmp(member_a, member_b, field->size));
		break;
	case WIRE_STR:
	case WIRE_OPT:
		ck_str(*(const char *const *)member_b, *(const char *const *)member_a);
		break;
	case WIRE_BYTES:
		ck_equal_bytes(member_a, member_b);
		break;
	case WIRE_LIST:
		ck_equal_lists(field, a, b);
		break;
	case WIRE_SUB:
		ck_equal(field->type, member_a, member_b);
		break;
	case WIRE_KINDS:
		must(!"a kind");
	}
}

static void ck_equal(const struct wire_type *type, const void *a, const void *b)
{
	for (size_t i = 0; i < type->fields_len; i++) {
		ck_equal_field(&type->fields[i], a, b);
	}
}

static void example_encode(size_t type, struct buf *out)
{
	wire_encode(message_types[type], examples[type], out);
}

/* In memory of exactly len bytes, so that the sanitizer sees a step too far. */
static int decode(const struct wire_type *type, const void *data, size_t len, struct arena *arena,
		void *ret, struct err *err)
{
	unsigned char *exact = malloc(len ? len : 1);

	must(exact);
	memcpy(exact, data, len);

	int rc = wire_decode(type, exact, len, arena, ret, err);

	free(exact);
	return rc;
}

static size_t field_size(const struct wire_field *field)
{
	static const size_t sizes[WIRE_KINDS] = { 1, 2, 4, 8, 8, sizeof(char *), sizeof(char *),
		sizeof(struct bytes), 0, sizeof(void *), 0 };

	return sizes[field->kind] + field->size + (field->kind == WIRE_SUB ? field->type->size : 0);
}

/* Bytes of the struct that no row speaks of may be padding only. */
static void ck_covers(const struct wire_type *type)
{
	unsigned char covered[1024] = { 0 };
	size_t gap = 0;

	for (size_t i = 0; i < type->fields_len; i++) {
		const struct wire_field *field = &type->fields[i];

		memset(covered + field->offset, 1, field_size(field));
		if (field->kind == WIRE_LIST) {
			memset(covered + field->count_offset, 1, sizeof(size_t));
		}
		/* a matcher's compiled regex and the paths of an endpoint's secrets do not travel
		 */
		if (field->type && strcmp(field->type->name, "matcher") != 0 &&
				strcmp(field->type->name, "endpoint") != 0) {
			ck_covers(field->type);
		}
	}
	for (size_t at = 0; at < type->size; at++) {
		gap = covered[at] ? 0 : gap + 1;
		if (gap == sizeof(void *)) {
			test_fail(__FILE__, __LINE__, "%s: no row for the bytes before %zu",
					type->name, at + 1);
		}
	}
}

TEST(every_message_has_a_table_that_covers_its_struct)
{
	ck(!message_types[0]);
	for (size_t i = 1; i < MSG_IDS; i++) {
		must(message_types[i]);
		must(examples[i]);
		ck(message_types[i]->name[0] != '\0');
		ck_covers(message_types[i]);
	}
}

TEST(every_message_comes_back_as_it_was)
{
	for (size_t i = 1; i < MSG_IDS; i++) {
		auto_buf struct buf payload = { 0 };
		alignas(max_align_t) unsigned char msg[1024];
		struct arena *arena = arena_new();
		struct err err;

		memset(msg, 0x55, sizeof(msg));
		example_encode(i, &payload);
		must_ok(wire_decode(message_types[i], payload.data, payload.len, arena, msg, &err),
				err);
		ck_equal(message_types[i], examples[i], msg);
		arena_free(arena);
	}
}

TEST(a_message_cut_anywhere_is_refused)
{
	for (size_t i = 1; i < MSG_IDS; i++) {
		auto_buf struct buf payload = { 0 };

		example_encode(i, &payload);
		for (size_t len = 0; len < payload.len; len++) {
			alignas(max_align_t) unsigned char msg[1024];
			struct arena *arena = arena_new();
			struct err err;

			ck_int(decode(message_types[i], payload.data, len, arena, msg, &err), -1);
			ck_int(err.code, ERR_INPUT);
			ck(!strncmp(err.msg, message_types[i]->name,
					strlen(message_types[i]->name)));
			arena_free(arena);
		}
	}
}

TEST(a_byte_too_many_is_refused)
{
	for (size_t i = 1; i < MSG_IDS; i++) {
		auto_buf struct buf payload = { 0 };
		alignas(max_align_t) unsigned char msg[1024];
		struct arena *arena = arena_new();
		struct err err;

		example_encode(i, &payload);
		buf_addch(&payload, '\0');
		ck_int(decode(message_types[i], payload.data, payload.len, arena, msg, &err), -1);
		ck_has(err.msg, ": bytes behind the end");
		arena_free(arena);
	}
}

static uint64_t random_state = 88172645463325252U;

static uint64_t random_next(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* Whatever is accepted must encode to the very same bytes: there is one form only. */
static void ck_decode_is_strict(const struct wire_type *type, const unsigned char *data, size_t len)
{
	alignas(max_align_t) unsigned char msg[1024];
	struct arena *arena = arena_new();
	struct err err;
	unsigned char *exact = malloc(len ? len : 1);

	must(exact);
	memcpy(exact, data, len);
	if (wire_decode(type, exact, len, arena, msg, &err) == 0) {
		auto_buf struct buf again = { 0 };

		wire_encode(type, msg, &again);
		ck_int(again.len, len);
		ck(again.len == len && !memcmp(again.data, exact, len));
	}
	free(exact);
	arena_free(arena);
}

TEST(random_bytes_are_refused_or_mean_one_thing)
{
	for (int i = 0; i < 20000; i++) {
		unsigned char data[96];
		size_t len = random_next() % sizeof(data);

		for (size_t at = 0; at < len; at++) {
			/* mostly small numbers: random lengths are all too long */
			data[at] = (unsigned char)(random_next() % 4 ? random_next() % 3
								     : random_next());
		}
		ck_decode_is_strict(message_types[1 + random_next() % (MSG_IDS - 1)], data, len);
	}
}

TEST(damaged_messages_are_refused_or_mean_one_thing)
{
	for (int i = 0; i < 20000; i++) {
		auto_buf struct buf payload = { 0 };
		size_t type = 1 + random_next() % (MSG_IDS - 1);

		example_encode(type, &payload);
		for (uint64_t n = random_next() % 3 + 1; n; n--) {
			payload.data[random_next() % payload.len] = (unsigned char)random_next();
		}
		ck_decode_is_strict(message_types[type], payload.data, payload.len);
	}
}

static void ck_refused(size_t type, const struct buf *payload, const char *message)
{
	alignas(max_align_t) unsigned char msg[1024];
	struct arena *arena = arena_new();
	struct err err = { 0 };

	ck_int(decode(message_types[type], payload->data, payload->len, arena, msg, &err), -1);
	ck_str(err.msg, message);
	arena_free(arena);
}

/* Encode the example and overwrite the byte behind the first occurrence of text. */
static void damage_behind(size_t type, const char *text, unsigned char byte, struct buf *out)
{
	example_encode(type, out);

	unsigned char *at = memmem(out->data, out->len, text, strlen(text));

	must(at);
	at[strlen(text)] = byte;
}

TEST(a_mistake_is_named_with_its_place)
{
	auto_buf struct buf payload = { 0 };

	damage_behind(MSG_START, "service", 'x', &payload);
	ck_refused(MSG_START, &payload, "start: params[1].name: no NUL behind it");
	buf_reset(&payload);
	damage_behind(MSG_START, "argus", '\0', &payload);
	ck_refused(MSG_START, &payload, "start: params[0].value: a NUL in it");
	buf_reset(&payload);
	damage_behind(MSG_DELIVER, "labels.serv", '\0', &payload);
	ck_refused(MSG_DELIVER, &payload, "deliver: delivery.alerts[1].broken: a NUL in it");
}

TEST(a_list_longer_than_its_bytes_is_refused_before_memory_is_taken)
{
	auto_buf struct buf payload = { 0 };
	uint32_t count = UINT32_MAX;

	buf_add(&payload, &count, sizeof(count));
	buf_adds(&payload, "some bytes that are far too few");
	ck_refused(MSG_CONFIG, &payload, "config: files: more items than bytes are left for");
}

TEST(an_unknown_enum_value_is_refused)
{
	auto_buf struct buf payload = { 0 };

	buf_addch(&payload, ROLES);
	ck_refused(MSG_PEER, &payload, "peer: role: not a known value");
	buf_reset(&payload);
	example_encode(MSG_QUERY, &payload);

	uint16_t route = ROUTES;

	memcpy(payload.data + 8, &route, sizeof(route));
	ck_refused(MSG_QUERY, &payload, "query: route: not a known value");
}

TEST(a_missing_string_becomes_empty_and_an_optional_one_stays_missing)
{
	const struct msg_probe empty = { .timeout_ms = 1 };
	auto_buf struct buf payload = { 0 };
	struct msg_probe msg;
	struct arena *arena = arena_new();
	struct err err;

	wire_encode(message_types[MSG_PROBE], &empty, &payload);
	must_ok(wire_decode(message_types[MSG_PROBE], payload.data, payload.len, arena, &msg, &err),
			err);
	ck_str(msg.url, "");
	ck_str(msg.contains, NULL);
	arena_free(arena);
}

struct partial {
	uint8_t in_a_row;
	const char *in_none;
};

TEST(a_member_without_a_row_is_zeroed)
{
	static const struct wire_field fields[] = { WIRE_FIELD_U8(struct partial, in_a_row) };
	static const struct wire_type type = WIRE_TYPE("partial", struct partial, fields);
	struct partial msg = { 1, "x" };
	struct arena *arena = arena_new();
	struct err err;

	must_ok(wire_decode(&type, (const unsigned char *)"\7", 1, arena, &msg, &err), err);
	ck_int(msg.in_a_row, 7);
	ck_str(msg.in_none, NULL);
	arena_free(arena);
}
