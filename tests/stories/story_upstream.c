/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core_world.h"
#include "peers.h"
#include "test.h"
#include "transcript.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define STEP   (20 * SECOND) /* an Alertmanager answers within */

#define POLICY                                                             \
	"receivers:\n"                                                     \
	"  - { name: on-call, webhook_configs: [{ url: 'http://a/' }] }\n" \
	"  - { name: senior, webhook_configs: [{ url: 'http://b/' }] }\n"  \
	"escalation:\n"                                                    \
	"  hold: 5m\n"                                                     \
	"  update_every: 20m\n"                                            \
	"  levels:\n"                                                      \
	"    - { name: L1, receivers: [on-call], respond_within: 10m }\n"  \
	"    - { name: L2, receivers: [senior], respond_within: 10m }\n"   \
	"playbooks:\n"                                                     \
	"  - name: look\n"                                                 \
	"    matchers: [alertname=~\".+\"]\n"                              \
	"    steps: [{ name: look, run: [look] }]\n"

static const char alone[] = POLICY;
static const char one[] = POLICY "alertmanagers:\n"
				 "  - { url: 'http://am' }\n";
static const char soon_stale[] = "global: { stale_after: 30m }\n" POLICY "alertmanagers:\n"
				 "  - { url: 'http://am' }\n";
static const char two[] = POLICY "alertmanagers:\n"
				 "  - { url: 'http://am' }\n"
				 "  - { url: 'http://twin' }\n";

static const char *const down[] = { "alertname", "Down", "service", "argus", NULL };

/* The Alertmanagers of a story. */
static struct am {
	const char *name;
	bool down;
	int64_t started_at;
	uint8_t state;   /* enum upstream_state: as what it lists the alert Down */
	const char *why; /* of one that is suppressed */
	int64_t until;
} ams[2];

static void begin(void)
{
	transcript_begin();
	core_world.egress_takes = true;
	for (int i = 0; i < 2; i++) {
		ams[i] = (struct am){ .name = i ? "http://twin" : "http://am",
			.started_at = CORE_WORLD_BEGIN - HOUR,
			.why = "",
			.state = i ? UPSTREAM_NOT_LISTED : UPSTREAM_ACTIVE };
	}
}

static void identify(const char *const *pairs, uint8_t identity[DIGEST_SIZE])
{
	struct label items[] = { { pairs[0], pairs[1] }, { pairs[2], pairs[3] } };

	labels_identity(&(struct labels){ items, 2 }, identity);
}

static const struct am *find(const char *name)
{
	return &ams[strcmp(name, ams[0].name) != 0];
}

static void answer(struct core *core, const struct msg_ask *ask)
{
	const struct am *am = find(ask->alertmanager);
	struct listed row = { .state = am->state, .why = am->why, .until = am->until };
	const struct msg_listed listed = { ask->id, &row, 1 };
	const struct msg_asked asked = { ask->id, !am->down, am->down ? "no route" : "",
		am->started_at, 0 };

	identify(down, row.identity);
	if (!am->down && am->state != UPSTREAM_NOT_LISTED) {
		core_world_hears(core, ROLE_EGRESS, MSG_LISTED, &listed);
	}
	core_world_hears(core, ROLE_EGRESS, MSG_ASKED, &asked);
}

/* What was asked is answered. */
static void answer_all(struct core *core)
{
	struct arena *arena = arena_new();
	struct msg_ask asks[16];
	size_t len = 0;

	for (size_t i = 0; i < core_world.sent_len; i++) {
		const struct core_world_sent *sent = &core_world.sent[i];
		unsigned char *payload = arena_memdup(arena, sent->payload, sent->len + 1);
		struct err err;

		if (sent->type == MSG_ASK) {
			must(len < 16);
			must_ok(wire_decode(message_types[MSG_ASK], payload, sent->len, arena,
						&asks[len++], &err),
					err);
		}
	}
	for (size_t i = 0; i < len; i++) {
		answer(core, &asks[i]);
	}
	arena_free(arena);
}

/* What was asked is answered after the alert was delivered again. */
static void ask_then_deliver(struct core *core)
{
	struct arena *arena = arena_new();
	struct msg_ask ask;

	must(core_world_find(MSG_ASK, arena, &ask));
	ask.alertmanager = arena_strdup(arena, ask.alertmanager);
	peers_fires(core, down);
	answer(core, &ask);
	arena_free(arena);
}

static void pass(struct core *core, int64_t ms)
{
	for (; ms > 0; ms -= STEP) {
		core_world_wait(core, ms < STEP ? ms : STEP);
		answer_all(core);
	}
	core_world_wait(core, 0);
}

/* It fires; its run has ended and has not helped (there is nothing that verifies). */
static void fire(struct core *core)
{
	peers_fires(core, down);
	answer_all(core);
	core_world_wait(core, 0);
}

static const char silence[] = "silenced in Alertmanager by alice until 2025-11-22T23:10:00Z: disk";

static void silenced(struct am *am)
{
	am->state = UPSTREAM_SUPPRESSED;
	am->why = silence;
	am->until = CORE_WORLD_BEGIN + 30 * MINUTE;
}

#define FIRES                              \
	"00:00 the core starts\n"          \
	"00:00 Down argus fires\n"         \
	"00:00 delivery 1: queued run 1\n" \
	"00:00 incident 1 firing\n"        \
	"00:00 run 1 (look) running\n"     \
	"00:00 START 1.0.1\n"

TEST(a_silence_holds_the_pages_and_its_end_begins_the_chain_again)
{
	struct core core;

	begin();
	core_world_start(&core, one);
	fire(&core);
	silenced(&ams[0]);
	pass(&core, 29 * MINUTE);
	ck_str(core_world_rows(&core, "SELECT held FROM incident"), silence);
	ck_str(core_world_rows(&core, "SELECT kind || ' ' || text FROM timeline"
				      " WHERE kind IN ('held', 'lifted')"),
			"held silenced in Alertmanager by alice until 2025-11-22T23:10:00Z: disk");
	CK_STORY(FIRES "01:00 incident 1 is held: silenced in Alertmanager by alice until"
		       " 2025-11-22T23:10:00Z: disk\n");
	ams[0].state = UPSTREAM_ACTIVE;
	pass(&core, 7 * MINUTE);
	CK_STORY("30:00 incident 1 is held: no more\n"
		 "35:00 page L1 of incident 1: it fires, and no run has helped yet\n"
		 "35:00 NOTIFY 1 on-call initial\n"
		 "35:00 notification 1 sent\n");
	core_world_end(&core);
}

TEST(an_end_that_nobody_told_is_found_in_two_looks_and_told_to_whom_was_paged)
{
	struct core core;

	begin();
	core_world_start(&core, one);
	fire(&core);
	pass(&core, 6 * MINUTE);
	CK_STORY(FIRES "05:00 page L1 of incident 1: it fires, and no run has helped yet\n"
		       "05:00 NOTIFY 1 on-call initial\n"
		       "05:00 notification 1 sent\n");
	ams[0].state = UPSTREAM_NOT_LISTED;
	pass(&core, MINUTE);
	CK_STORY("");
	pass(&core, MINUTE);
	CK_STORY("08:00 incident 1 resolved\n"
		 "08:00 NOTIFY 2 on-call resolved\n"
		 "08:00 notification 2 sent\n");
	ck_str(core_world_rows(&core, "SELECT text FROM timeline WHERE kind = 'resolved'"),
			"its last alert ended: Down on argus. Alertmanager does not list it any more");
	core_world_end(&core);
}

TEST(a_look_that_races_with_a_delivery_does_not_count)
{
	struct core core;

	begin();
	core_world_start(&core, one);
	fire(&core);
	ams[0].state = UPSTREAM_NOT_LISTED;
	for (int i = 0; i < 5; i++) {
		core_world_wait(&core, MINUTE);
		/* Between the question and its answer. */
		peers_fires(&core, down);
		ams[0].state = UPSTREAM_NOT_LISTED;
		answer_all(&core);
	}
	core_world_wait(&core, 0);
	ck_str(core_world_rows(&core, "SELECT status FROM incident"), "firing");
	core_world_end(&core);
}

TEST(two_looks_in_a_row_have_no_delivery_between_or_within_them)
{
	struct core core;

	begin();
	core_world_start(&core, one);
	fire(&core);
	pass(&core, MINUTE);
	ams[0].state = UPSTREAM_NOT_LISTED;
	pass(&core, MINUTE);
	/* Missed once; it is delivered, and missed again. */
	core_world_wait(&core, 20 * SECOND);
	peers_fires(&core, down);
	pass(&core, MINUTE);
	ck_str(core_world_rows(&core, "SELECT status FROM incident"), "firing");
	/* It is delivered between the next question and its answer: that look does not count. */
	peers_fires(&core, down);
	core_world_wait(&core, 20 * SECOND);
	must(core_world_count(MSG_ASK) == 0);
	core_world_wait(&core, 20 * SECOND);
	must(core_world_count(MSG_ASK) == 1);
	core_world_pass(1);
	ask_then_deliver(&core);
	pass(&core, MINUTE);
	ck_str(core_world_rows(&core, "SELECT status FROM incident"), "firing");
	pass(&core, MINUTE);
	ck_str(core_world_rows(&core, "SELECT status FROM incident"), "resolved");
	core_world_end(&core);
}

TEST(a_word_is_older_than_what_was_delivered_after_it)
{
	static const char seldom[] = POLICY "alertmanagers:\n"
					    "  - { url: 'http://am', ask_every: 10m }\n";
	struct core core;

	begin();
	silenced(&ams[0]);
	core_world_start(&core, seldom);
	core_world_wait(&core, SECOND);
	fire(&core);
	core_world_wait(&core, 10 * MINUTE);
	answer_all(&core);
	core_world_wait(&core, 0);
	ck_str(core_world_rows(&core, "SELECT hold FROM incident"), "suppressed");
	core_world_wait(&core, 20 * SECOND);
	peers_fires(&core, down);
	ck_str(core_world_rows(&core, "SELECT coalesce(hold, '-') FROM incident"), "-");
	core_world_wait(&core, 8 * MINUTE);
	ck_str(core_world_rows(&core, "SELECT coalesce(hold, '-') FROM incident"), "-");
	ck_str(core_world_rows(&core, "SELECT count(*) FROM timeline WHERE kind = 'held'"), "1");
	core_world_end(&core);
}

TEST(nobody_that_cannot_be_asked_or_has_just_started_ends_anything)
{
	struct core core;

	begin();
	core_world_start(&core, one);
	fire(&core);
	pass(&core, MINUTE);
	/* It lost its state: for five minutes that proves nothing. */
	ams[0].started_at = core_world.wall_ms;
	ams[0].state = UPSTREAM_NOT_LISTED;
	pass(&core, 5 * MINUTE);
	ck_str(core_world_rows(&core, "SELECT status FROM incident"), "firing");
	ams[0].down = true;
	pass(&core, 30 * MINUTE);
	ck_str(core_world_rows(&core, "SELECT status FROM incident"), "firing");
	ams[0].down = false;
	ams[0].state = UPSTREAM_ACTIVE;
	pass(&core, 2 * MINUTE);
	/* Now it has settled, and is asked twice. */
	ams[0].state = UPSTREAM_NOT_LISTED;
	pass(&core, 10 * MINUTE);
	ck_str(core_world_rows(&core, "SELECT status FROM incident"), "resolved");
	core_world_end(&core);
}

TEST(without_the_other_only_one_that_had_listed_it_has_a_word)
{
	struct core core;

	begin();
	core_world_start(&core, two);
	fire(&core);
	pass(&core, 2 * MINUTE);
	ams[0].down = true;
	pass(&core, 10 * MINUTE);
	ck_str(core_world_rows(&core, "SELECT status FROM incident"), "firing");
	ams[1].state = UPSTREAM_ACTIVE;
	pass(&core, 2 * MINUTE);
	ams[1].state = UPSTREAM_NOT_LISTED;
	pass(&core, 3 * MINUTE);
	ck_str(core_world_rows(&core, "SELECT status FROM incident"), "resolved");
	core_world_end(&core);
}

TEST(active_in_one_of_a_pair_pages)
{
	struct core core;

	begin();
	core_world_start(&core, two);
	fire(&core);
	silenced(&ams[0]);
	ams[1].state = UPSTREAM_ACTIVE;
	pass(&core, 6 * MINUTE);
	CK_STORY(FIRES "05:00 page L1 of incident 1: it fires, and no run has helped yet\n"
		       "05:00 NOTIFY 1 on-call initial\n"
		       "05:00 notification 1 sent\n");
	core_world_end(&core);
}

TEST(an_alert_of_a_stranger_is_not_ended_by_who_never_knew_it)
{
	struct core core;
	const struct peers_alert alert = { .labels = down };

	begin();
	ams[0].state = UPSTREAM_NOT_LISTED;
	core_world_start(&core, one);
	peers_deliver(&core,
			&(struct peers_delivery){
					.alerts = &alert, .len = 1, .sender = "http://grafana" });
	answer_all(&core);
	pass(&core, 20 * MINUTE);
	ck_str(core_world_rows(&core, "SELECT status FROM incident"), "firing");
	core_world_end(&core);
}

TEST(a_restarted_core_remembers_the_hold_and_whose_alerts_are_listed_where)
{
	struct core core;
	const struct peers_alert alert = { .labels = down };

	begin();
	core_world_start(&core, one);
	peers_deliver(&core, &(struct peers_delivery){ .alerts = &alert,
					     .len = 1,
					     .sender = "http://am.example.org" });
	answer_all(&core);
	silenced(&ams[0]);
	pass(&core, 2 * MINUTE);
	ck_str(core_world_rows(&core, "SELECT hold FROM incident"), "suppressed");
	core_world_end(&core);
	ams[0].state = UPSTREAM_NOT_LISTED;
	core_world_start(&core, one);
	ck_str(core_world_rows(&core, "SELECT hold FROM incident"), "suppressed");
	answer_all(&core);
	pass(&core, 2 * MINUTE);
	ck_str(core_world_rows(&core, "SELECT status || coalesce(held, '-') FROM incident"),
			"resolved-");
	core_world_end(&core);
}

TEST(an_operator_may_page_while_it_is_held)
{
	struct core core;

	begin();
	core_world_start(&core, one);
	fire(&core);
	silenced(&ams[0]);
	pass(&core, 2 * MINUTE);
	transcript_forget();
	peers_ask(&core, &(struct peers_question){ ROUTE_INCIDENT_ESCALATE, 1,
					 .args = PAIRS("level", "L2", "reason", "I need help") });
	pass(&core, 12 * MINUTE);
	CK_STORY("02:00 eve: escalate incident 1 level=L2 reason=I need help\n"
		 "02:00 page L2 of incident 1: I need help\n"
		 "02:00 NOTIFY 1 senior escalation\n"
		 "02:00 notification 1 sent\n");
	ck_has(core_world_rows(&core, "SELECT text FROM outbox"), silence);
	core_world_end(&core);
}

TEST(what_is_held_does_not_count_for_a_rule)
{
	static const char raise[] =
			"alertmanagers: [{ url: 'http://am' }]\n"
			"receivers: [{ name: on-call, webhook_configs: [{ url: 'http://a/' }] }]\n"
			"escalation:\n"
			"  hold: 0s\n"
			"  levels:\n"
			"    - { name: L1, receivers: [on-call], respond_within: 1h }\n"
			"    - { name: L2, receivers: [on-call], respond_within: 1h }\n"
			"  raise: [{ level: L2, matchers: [alertname=Down], at_least: 2 }]\n";
	struct core core;

	begin();
	core_world_start(&core, raise);
	fire(&core);
	silenced(&ams[0]);
	pass(&core, MINUTE);
	ck_str(core_world_rows(&core, "SELECT hold FROM incident"), "suppressed");
	peers_fires(&core, PAIRS("alertname", "Down", "service", "iris"));
	pass(&core, 20 * SECOND);
	ck_str(core_world_rows(&core, "SELECT incident_id || ' ' || level FROM raise ORDER BY id"),
			"1 L1, 2 L1");
	core_world_end(&core);
}

TEST(what_nothing_is_received_of_pages_no_further_until_it_is_delivered_again)
{
	struct core core;

	begin();
	core_world_start(&core, alone);
	fire(&core);
	core_world_wait(&core, 5 * HOUR);
	peers_fires(&core, down);
	core_world_wait(&core, 14 * HOUR);
	ck_str(core_world_rows(&core, "SELECT coalesce(held, '-') FROM incident"), "-");
	transcript_forget();
	/* Three times the longest gap of 5 hours is over. */
	core_world_wait(&core, 2 * HOUR);
	ck_str(core_world_rows(&core, "SELECT status || ' ' || hold FROM incident"),
			"firing stale");
	ck_str(core_world_rows(&core, "SELECT held FROM incident"),
			"nothing received of it since 2025-11-23 03:40 UTC; Alertmanager repeats at least every 5h: it may be over");
	transcript_forget();
	core_world_wait(&core, 10 * HOUR);
	CK_STORY("");
	peers_fires(&core, down);
	ck_str(core_world_rows(&core, "SELECT coalesce(hold, '-') FROM incident"), "-");
	ck_str(core_world_rows(&core, "SELECT text FROM timeline WHERE kind = 'lifted'"),
			"an alert of it still fires");
	core_world_end(&core);
}

TEST(nothing_is_stale_while_an_alertmanager_lists_it)
{
	struct core core;

	begin();
	core_world_start(&core, soon_stale);
	fire(&core);
	pass(&core, 40 * MINUTE);
	ck_str(core_world_rows(&core, "SELECT coalesce(hold, '-') FROM incident"), "-");
	/* Nobody can be asked for so long. */
	ams[0].down = true;
	pass(&core, 29 * MINUTE);
	ck_str(core_world_rows(&core, "SELECT coalesce(hold, '-') FROM incident"), "-");
	pass(&core, 3 * MINUTE);
	ck_str(core_world_rows(&core, "SELECT status || ' ' || hold FROM incident"),
			"firing stale");
	core_world_end(&core);
}

TEST(nothing_open_nothing_asked)
{
	struct core core;

	begin();
	core_world_start(&core, one);
	core_world_wait(&core, 10 * MINUTE);
	ck_int(core_world_count(MSG_ASK), 0);
	fire(&core);
	pass(&core, 2 * MINUTE);
	peers_resolves(&core, down);
	pass(&core, 2 * MINUTE);
	core_world_wait(&core, 60 * MINUTE);
	ck_int(core_world_count(MSG_ASK), 0);
	core_world_end(&core);
}

/* --- alerts that were cut --- */

static void deliver_cut(struct core *core)
{
	const struct peers_alert alert = { .labels = down };

	peers_deliver(core, &(struct peers_delivery){ .alerts = &alert, .len = 1, .truncated = 1 });
}

/* The other one of the group comes with the look. */
static void fetch(struct core *core)
{
	struct arena *arena = arena_new();
	struct label items[] = { { "alertname", "Down" }, { "service", "iris" } };
	struct alert alert = { .labels = { items, 2 }, .generator_url = "", .fingerprint = "f" };
	struct msg_ask ask;

	must(core_world_find(MSG_ASK, arena, &ask));
	ck_int(ask.cuts_len, 1);
	ck_str(ask.cuts[0].receiver, "r");
	core_world_hears(core, ROLE_EGRESS, MSG_FETCHED,
			&(struct msg_fetched){ ask.id, ask.cuts[0].id, &alert, 1 });
	core_world_hears(core, ROLE_EGRESS, MSG_ASKED,
			&(struct msg_asked){ ask.id, 1, "", CORE_WORLD_BEGIN - HOUR, 0 });
	core_world_wait(core, 0);
	arena_free(arena);
}

TEST(alerts_that_were_cut_are_fetched_and_taken_in)
{
	struct core core;

	begin();
	core_world_start(&core, one);
	deliver_cut(&core);
	fetch(&core);
	ck_str(core_world_rows(&core, "SELECT principal || ' ' || alerts FROM delivery"),
			"eve 1, alertmanager 1");
	ck_str(core_world_rows(&core, "SELECT external_url FROM delivery WHERE id = 2"),
			"http://am");
	ck_str(core_world_rows(&core, "SELECT decision FROM decision WHERE delivery_id = 2"),
			"queued");
	ck_str(core_world_rows(&core, "SELECT coalesce(attention, '-') FROM incident"), "-, -");
	ck_str(core_world_rows(&core, "SELECT count(*) FROM cut_delivery"), "0");
	/* A repeat is cut again: nothing of it is news. */
	deliver_cut(&core);
	core_world_wait(&core, MINUTE);
	fetch(&core);
	ck_str(core_world_rows(&core, "SELECT count(*) FROM delivery"), "3");
	core_world_end(&core);
}

TEST(when_they_cannot_be_fetched_the_incident_says_so)
{
	struct core core;

	begin();
	ams[0].down = true;
	core_world_start(&core, one);
	deliver_cut(&core);
	answer_all(&core);
	pass(&core, MINUTE);
	ck_str(core_world_rows(&core, "SELECT coalesce(attention, '-') FROM incident"), "-");
	pass(&core, 3 * MINUTE);
	ck_str(core_world_rows(&core, "SELECT attention FROM incident"),
			"Alertmanager cut 1 alerts from delivery 1 (max_alerts); look for them there");
	/* It is there again: the reason is over. */
	core_world_wait(&core, MINUTE);
	fetch(&core);
	ck_str(core_world_rows(&core, "SELECT coalesce(attention, '-') FROM incident"), "-, -");
	core_world_end(&core);
}
