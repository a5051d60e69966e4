/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alertmanagers.h"
#include "base/mem.h"
#include "people.h"

#define SECOND 1000
#define DAY    (INT64_C(86400) * SECOND)

struct world world;
static const char *complaint;

/* Each thing that the core does to the world burns the fuse. */
static bool core_is_dead(void)
{
	if (world.fuse && --world.fuse == 0) {
		world.dead = true;
	}
	return world.dead;
}

static bool may_step(void *arg)
{
	(void)arg;
	return !core_is_dead();
}

/* xorshift64*: the same numbers everywhere. */
unsigned world_random(unsigned n)
{
	world.rng ^= world.rng >> 12;
	world.rng ^= world.rng << 25;
	world.rng ^= world.rng >> 27;
	return (unsigned)((world.rng * UINT64_C(0x2545F4914F6CDD1D)) >> 33) % n;
}

static bool chance(unsigned percent)
{
	return world_random(100) < percent;
}

const char *world_complaint(void)
{
	const char *said = complaint;

	complaint = NULL;
	return said;
}

struct attempt *world_attempt(const struct attempt_id *id)
{
	for (size_t i = 0; i < world.attempts_len; i++) {
		if (!memcmp(&world.attempts[i].id, id, sizeof(*id))) {
			return &world.attempts[i];
		}
	}
	return NULL;
}

static void push(struct frame *queue, size_t *len, struct frame frame)
{
	if (*len == FRAMES_MAX) {
		abort();
	}
	queue[(*len)++] = frame;
}

static struct frame pop(struct frame *queue, size_t *len, size_t i)
{
	struct frame frame = queue[i];

	memmove(&queue[i], &queue[i + 1], (--*len - i) * sizeof(*queue));
	return frame;
}

static void tell_core(uint16_t type, struct attempt_id id)
{
	push(world.to_core, &world.to_core_len, (struct frame){ type, id });
}

/* The answer to the delivery that was taken in: it was committed. */
static void take_answer(const struct msg_answer *answer)
{
	const char *text = (const char *)answer->content.data;
	const char *id = strstr(text, "\"deliveryId\":");

	if (answer->id == PEOPLE_ASK_ID) {
		return;
	}
	if (answer->code != ERR_NONE || !id || world.acks_len == ACKS_MAX) {
		complaint = "a delivery was not answered with its id";
		return;
	}
	if (world.in_order && world.posts_len) {
		memmove(world.posts, world.posts + 1, --world.posts_len * sizeof(world.posts[0]));
	}
	world.acks[world.acks_len].delivery_id = strtoll(id + strlen("\"deliveryId\":"), NULL, 10);
	world.acks[world.acks_len++].alerts = world.posting;
}

static void on_sent(enum role to, uint16_t type, const void *payload, size_t len)
{
	union {
		struct msg_start start;
		struct msg_go go;
		struct msg_probe probe;
		struct msg_notify notify;
		struct msg_answer answer;
		struct msg_ask ask;
	} msg;
	struct arena *arena = arena_new();
	struct err err;

	(void)to;
	if (core_is_dead()) {
		arena_free(arena);
		return;
	}
	if (wire_decode(message_types[type], payload, len, arena, &msg, &err) < 0) {
		complaint = "the core sent what cannot be read";
	} else if (type == MSG_ANSWER) {
		take_answer(&msg.answer);
	} else if (type == MSG_PROBE) {
		push(world.to_world, &world.to_world_len,
				(struct frame){ type, { msg.probe.id, 0, 0 } });
	} else if (type == MSG_ASK) {
		alertmanagers_ask(&msg.ask);
	} else if (type == MSG_NOTIFY) {
		if (msg.notify.id >= NOTICES_MAX) {
			abort();
		}
		if (world.told[msg.notify.id]) {
			complaint = "a notice was sent again, though it was taken";
		}
		push(world.to_world, &world.to_world_len,
				(struct frame){ type, { msg.notify.id, 0, 0 } });
	} else {
		/* Every message about an attempt begins with its id. */
		push(world.to_world, &world.to_world_len, (struct frame){ type, msg.go.id });
	}
	arena_free(arena);
}

static int look(const struct attempt_id *id, enum attempt_state *ret_state,
		struct attempt_status *ret_status)
{
	static const enum attempt_state states[] = {
		[PREPARED] = ATTEMPT_ALIVE,
		[RUNNING] = ATTEMPT_ALIVE,
		[ENDED] = ATTEMPT_ENDED,
		[VANISHED] = ATTEMPT_VANISHED,
	};
	const struct attempt *attempt = world_attempt(id);

	*ret_state = attempt ? states[attempt->state] : ATTEMPT_ABSENT;
	if (*ret_state == ATTEMPT_ENDED) {
		*ret_status = attempt->status;
	}
	return 0;
}

static int read_output(uint64_t total, struct attempt_output *ret)
{
	*ret = (struct attempt_output){ 0 };
	buf_addf(&ret->head, "%d bytes", (int)total);
	return 0;
}

void world_connect(struct db *db)
{
	core_world_reset();
	core_world.on_sent = on_sent;
	core_world.look = look;
	core_world.read_output = read_output;
	db_gate(db, may_step, NULL);
}

/* The executor and its shims. */

static void end_attempt(struct attempt *attempt, enum attempt_result result, int exit_code)
{
	attempt->state = ENDED;
	attempt->status = (struct attempt_status){
		.result = (uint8_t)result, .exit_code = exit_code, .output_bytes = world_random(3)
	};
}

static void executor_start(const struct attempt_id *id)
{
	struct attempt *attempt;

	if (world_attempt(id)) {
		complaint = "the core asked for the same attempt twice";
		return;
	}
	if (chance(3)) {
		tell_core(MSG_REFUSED, *id);
		return;
	}
	if (world.attempts_len == ATTEMPTS_MAX) {
		abort();
	}
	attempt = &world.attempts[world.attempts_len++];
	*attempt = (struct attempt){ .id = *id, .state = PREPARED };
	if (chance(2)) {
		attempt->state = VANISHED; /* the shim was killed before it said anything */
		tell_core(MSG_ENDED, *id);
	} else {
		tell_core(MSG_STARTED, *id);
	}
}

static void executor_go(const struct attempt_id *id)
{
	struct attempt *attempt = world_attempt(id);

	if (!attempt || attempt->state != PREPARED) {
		tell_core(MSG_ENDED, *id);
		return;
	}
	attempt->state = RUNNING;
	attempt->effects++;
}

/* Without its word go it never runs; what runs is ended, unless it has ended already. */
static void executor_cancel(const struct attempt_id *id)
{
	struct attempt *attempt = world_attempt(id);

	if (attempt && attempt->state == PREPARED) {
		end_attempt(attempt, ATTEMPT_NOT_STARTED, 0);
	} else if (attempt && attempt->state == RUNNING) {
		end_attempt(attempt, ATTEMPT_CANCELED, 0);
	}
	tell_core(MSG_ENDED, *id);
}

static struct attempt *pick_running(void)
{
	size_t first = world.attempts_len ? world_random((unsigned)world.attempts_len) : 0;

	for (size_t i = 0; i < world.attempts_len; i++) {
		struct attempt *attempt = &world.attempts[(first + i) % world.attempts_len];

		if (attempt->state == RUNNING) {
			return attempt;
		}
	}
	return NULL;
}

static bool step_ends(void)
{
	struct attempt *attempt = pick_running();
	unsigned dice = world_random(100);

	if (!attempt) {
		return false;
	}
	if (dice < 60) {
		end_attempt(attempt, ATTEMPT_EXITED, 0);
	} else if (dice < 85) {
		end_attempt(attempt, ATTEMPT_EXITED, 1);
	} else if (dice < 90) {
		end_attempt(attempt, ATTEMPT_TIMED_OUT, 0);
	} else if (dice < 95) {
		end_attempt(attempt, ATTEMPT_SIGNALED, 0);
		attempt->status.signal = 9;
	} else {
		attempt->state = VANISHED; /* somebody killed the shim */
	}
	tell_core(MSG_ENDED, attempt->id);
	return true;
}

/* Egress tells the endpoint, or is lost before it says how that went. */
static void egress_notify(const struct attempt_id *id)
{
	if (!chance(10)) {
		tell_core(MSG_NOTIFIED, *id);
	}
}

/* One message of the core is acted upon. */
static bool world_takes(void)
{
	struct frame frame;

	if (!world.to_world_len) {
		return false;
	}
	frame = pop(world.to_world, &world.to_world_len, 0);
	if (frame.type == MSG_START) {
		executor_start(&frame.id);
	} else if (frame.type == MSG_GO) {
		executor_go(&frame.id);
	} else if (frame.type == MSG_CANCEL) {
		executor_cancel(&frame.id);
	} else if (frame.type == MSG_PROBE) {
		tell_core(MSG_PROBED, frame.id);
	} else if (frame.type == MSG_NOTIFY) {
		egress_notify(&frame.id);
	}
	return true;
}

void world_core_died(void)
{
	/* What was sent is acted upon before its end is seen, or was lost on the way. */
	while (world.to_world_len && chance(50)) {
		world_takes();
	}
	world.to_world_len = 0;
	world.to_core_len = 0;
	alertmanagers_forgotten(true);
	for (size_t i = 0; i < world.attempts_len; i++) {
		if (world.attempts[i].state == PREPARED) {
			end_attempt(&world.attempts[i], ATTEMPT_NOT_STARTED, 0);
		}
	}
}

/* What reaches the core. */

static void core_hears_of_notice(uint64_t id)
{
	unsigned dice = world_random(100);
	struct msg_notified msg = { .id = id, .how = NOTIFIED_SENT, .reason = "" };
	const struct in_flight *in_flight = &world.core->notify.in_flight;

	if (dice >= 60) {
		msg.how = dice < 90 ? NOTIFIED_LATER : NOTIFIED_NEVER;
		msg.reason = "status 500";
	}
	/* What the core does not wait for any more, it sends again. */
	world.hearing = msg.how == NOTIFIED_SENT && in_flight_find(in_flight, (int64_t)id) <
									in_flight->len
					? id
					: 0;
	core_world_hears(world.core, ROLE_EGRESS, MSG_NOTIFIED, &msg);
}

static void core_hears(void)
{
	struct core *core = world.core;
	struct frame frame = pop(world.to_core, &world.to_core_len, 0);
	const struct msg_started started = { .id = frame.id, .pid = 1, .boot_id = "b" };
	const struct msg_refused refused = { frame.id, REFUSED_LATER, "no room" };
	const struct msg_ended ended = { frame.id };
	struct msg_probed probed = { frame.id.run, VERDICT_FAILING, "the probe" };

	switch (frame.type) {
	case MSG_STARTED:
		core_world_hears(core, ROLE_EXECUTOR, MSG_STARTED, &started);
		break;
	case MSG_REFUSED:
		core_world_hears(core, ROLE_EXECUTOR, MSG_REFUSED, &refused);
		break;
	case MSG_ENDED:
		core_world_hears(core, ROLE_EXECUTOR, MSG_ENDED, &ended);
		break;
	case MSG_NOTIFIED:
		core_hears_of_notice(frame.id.run);
		break;
	default:
		probed.verdict = chance(60) ? VERDICT_HEALTHY : VERDICT_FAILING;
		core_world_hears(core, ROLE_EGRESS, MSG_PROBED, &probed);
	}
}

/* The network: news become deliveries, which arrive late, twice, out of order, or both. */

static void post_news(unsigned identity, bool firing)
{
	const struct news news = { identity, firing, world.truth[identity].starts_at,
		firing ? 0 : world.truth[identity].ends_at };

	if (alertmanagers_silence(identity)) {
		return;
	}
	for (unsigned sender = 0; sender < 2; sender++) {
		struct post *post = &world.posts[world.posts_len];

		if (world.posts_len == POSTS_MAX) {
			world.unheard[identity] = true;
			return;
		}
		if (sender && (world.in_order || chance(30))) {
			return;
		}
		*post = (struct post){ .sender = sender, .len = 1, .alerts = { news } };
		while (post->len < 3 && chance(30)) {
			unsigned other = world_random(IDENTITIES);

			if (world.truth[other].firing && !alertmanagers_silence(other)) {
				post->alerts[post->len++] = (struct news){ other, true,
					world.truth[other].starts_at, 0 };
			}
		}
		world.posts_len++;
	}
}

void world_post(unsigned identity)
{
	post_news(identity, true);
}

static void something_breaks_or_heals(void)
{
	unsigned identity = world_random(IDENTITIES);
	bool firing = world.truth[identity].firing;

	if (firing && chance(40)) {
		world.truth[identity].firing = false;
		world.truth[identity].ends_at = core_world.wall_ms;
		if (!chance(15)) { /* else it is silenced, and its end is never told */
			post_news(identity, false);
		}
		return;
	}
	if (!firing) {
		bool missed = world.truth[identity].starts_at && chance(15);

		world.truth[identity].firing = true;
		if (!missed) { /* else a resend was missed: it is back, with its old start */
			world.truth[identity].starts_at = core_world.wall_ms;
		}
	} else if (chance(10)) {
		world.truth[identity].starts_at -= world_random(5000); /* an HA pair moves it */
	}
	post_news(identity, true);
}

static const char *const names[] = { "Restart", "Locked", "Guarded", "Asks", "Nobodys", "Plain" };
static const char *const services[] = { "a", "b", "c" };

const char *world_labels(unsigned identity)
{
	static char text[64];

	snprintf(text, sizeof(text), "{\"alertname\":\"%s\",\"service\":\"%s\"}",
			names[identity / 3], services[identity % 3]);
	return text;
}

void world_name(unsigned identity, struct label ret[2])
{
	ret[0] = (struct label){ "alertname", names[identity / 3] };
	ret[1] = (struct label){ "service", services[identity % 3] };
}

static void deliver(void)
{
	size_t i = world.in_order ? 0 : world_random((unsigned)world.posts_len);
	struct post post = world.posts[i];
	struct alert alerts[3];
	struct label labels[3][2];
	char url[32];
	struct msg_deliver msg = { .id = 1, .principal = "sim" };

	if (!world.in_order && !chance(15)) {
		world.posts[i] = world.posts[--world.posts_len];
	}
	for (unsigned a = 0; a < post.len; a++) {
		const struct news *news = &post.alerts[a];

		world_name(news->identity, labels[a]);
		alerts[a] = (struct alert){
			.status = news->firing ? ALERT_FIRING : ALERT_RESOLVED,
			.labels = { labels[a], 2 },
			.starts_at = news->starts_at,
			.ends_at = news->ends_at,
			.generator_url = "",
			.fingerprint = "f",
		};
		alertmanagers.delivered[news->identity] = true;
		alertmanagers_changed(news->identity);
	}
	snprintf(url, sizeof(url), "http://am-%u", post.sender);
	msg.delivery = (struct delivery){ .receiver = "r",
		.group_key = "g",
		.external_url = url,
		.notification_reason = "",
		.alerts = alerts,
		.alerts_len = post.len };
	msg.body = (struct bytes){ (const unsigned char *)&post, sizeof(post) };
	world.posting = post.len;
	core_world_hears(world.core, ROLE_FRONT, MSG_DELIVER, &msg);
}

static void time_passes(void)
{
	int64_t ms = chance(80) ? world_random(3000) : world_random(1800 * SECOND);

	core_world.mono_ms += ms;
	core_world.wall_ms += ms;
	if (!world.in_order && !world.right && chance(5)) {
		core_world.wall_ms += chance(50) ? DAY : -DAY; /* somebody sets the clock */
	}
}

void world_event(void)
{
	unsigned dice;

	alertmanagers_note();
	if (alertmanagers_event()) {
		return;
	}
	dice = world_random(100);
	if (world_random(100) < 8) {
		world.people_acted = true;
		people_act();
	} else if (dice < 20) {
		something_breaks_or_heals();
	} else if (dice < 45 && world.posts_len) {
		deliver();
	} else if (dice < 60) {
		world_takes();
	} else if (dice < 75 && world.to_core_len) {
		core_hears();
	} else if (dice < 88) {
		step_ends();
	} else {
		time_passes();
	}
}

bool world_drain(void)
{
	const struct core *core = world.core;

	alertmanagers_note();
	if (core->ground.pause.guard.since) {
		people_resume();
	} else if (world.posts_len) {
		deliver();
	} else if (world.to_core_len) {
		core_hears();
	} else if (!world_takes() && !step_ends() && !alertmanagers_drain()) {
		core_world_pass(60 * SECOND);
		return core->run.len > 0 || core->run.queue_waits || !core->run.questions.none ||
		       core->notify.in_flight.len > 0 || core->notify.look_ms;
	}
	return true;
}
