/* SPDX-License-Identifier: Apache-2.0 */
#include "core/run/runner.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "core/run/supervisor.h"
#include "core_world.h"
#include "peers.h"
#include "store/incidents.h"
#include "test.h"
#include "wire/ending.h"

#define MINUTE (INT64_C(60) * 1000)

static const char plain[] =
		"checks:\n"
		"  - name: page\n"
		"    http: { url: \"http://localhost:1/\" }\n"
		"playbooks:\n"
		"  - name: look\n"
		"    matchers: ['alertname=\"Down\"']\n"
		"    steps: [{ name: page, check: page, within: 1m }]\n"
		"  - name: act\n"
		"    matchers: ['alertname=\"Down\"']\n"
		"    params: { service: { from: labels.service, pattern: \"[a-z]+\" } }\n"
		"    steps:\n"
		"      - { name: one, run: [true], idempotent: true,\n"
		"          retry: { attempts: 2, delay: 1h } }\n"
		"    verify: [{ check: page }]\n";

static const char *alertname = "Down";
static bool override_guards;

/* A run is added, and the turn goes on. */
static int64_t add_run(struct core *core, const char *playbook, int64_t incident, uint8_t target)
{
	uint8_t bytes[DIGEST_SIZE] = { target };
	struct label items[] = { { "service", "argus" } };
	const struct labels params = { items, !strcmp(playbook, "act") };
	const struct run_row row = { .incident_id = incident,
		.times_opened = 1,
		.playbook = playbook,
		.target = bytes,
		.trigger = "alert",
		.requested_by = "x",
		.override_guards = override_guards,
		.config_hash = configs_now(&core->ground.configs)->hash,
		.alertname = alertname,
		.alert = "{}",
		.alert_status = "firing",
		.queued_at = 1000 };
	struct err err;
	int64_t id;

	turn_begin(&core->ground.turn);
	must_ok(turn_write(&core->ground.turn, &err), err);
	must_ok(runs_add(core->ground.db, &row, &params, &id, &err), err);
	core->run.queue_waits = true;
	return id;
}

static int64_t add_incident(struct core *core)
{
	static const uint8_t hash[DIGEST_SIZE] = { 1 };
	const struct incident_row row = { .title = "t",
		.severity = "",
		.service = "",
		.labels = "{}",
		.annotations = "{}",
		.group_hash = hash,
		.opened_at = 1000 };
	struct err err;
	int64_t id;

	turn_begin(&core->ground.turn);
	must_ok(turn_write(&core->ground.turn, &err), err);
	must_ok(incidents_add(core->ground.db, &row, &id, &err), err);
	return id;
}

static const char *incident_text(struct core *core, int64_t id)
{
	return core_world_rows(core,
			"SELECT status || ': ' || coalesce(attention, 'nobody is needed')"
			" FROM incident WHERE id = %d",
			(int)id);
}

static const char *run_text(struct core *core, int64_t id)
{
	return core_world_rows(
			core, "SELECT status || ': ' || reason FROM run WHERE id = %d", (int)id);
}

static const char *steps_text(struct core *core, int64_t id)
{
	return core_world_rows(core,
			"SELECT step || '.' || attempt || ' ' || status FROM step"
			" WHERE run_id = %d ORDER BY step, attempt",
			(int)id);
}

/* The attempt in hand of the only run; until the next call. */
static const char *attempt_in_hand(const struct core *core)
{
	static char text[64];
	struct attempt_id id;

	must(core->run.len == 1);
	id = active_attempt(core->run.active[0]);
	snprintf(text, sizeof(text), "%d.%d.%d", (int)id.run, (int)id.step, (int)id.attempt);
	return text;
}

TEST(a_first_probe_that_nobody_answered_is_asked_again_by_the_next_core)
{
	struct core core;
	int64_t id;

	core_world_start(&core, plain);
	id = add_run(&core, "look", 0, 1);
	core_world_tick(&core);
	ck_str(steps_text(&core, id), "0.1 waiting");
	core_world_end(&core);

	core_world_start(&core, plain);
	ck_int(core_world.sent_len, 1);
	ck_int(core_world_count(MSG_PROBE), 1);
	ck_str(steps_text(&core, id), "0.2 waiting");
	ck_str(run_text(&core, id), "running: ");
	core_world_end(&core);
}

static const char conditional[] =
		"playbooks:\n"
		"  - name: act\n"
		"    matchers: ['alertname=\"Down\"']\n"
		"    params: { service: { from: labels.service, pattern: \"[a-z]+\" } }\n"
		"    steps:\n"
		"      - { name: one, run: [true], when: [service=hermes] }\n"
		"      - { name: two, run: [true], when: [steps.one=skipped, service=argus] }\n"
		"      - { name: three, run: [true], on_interrupt: fail, on_failure: continue,\n"
		"          idempotent: true, retry: { attempts: 2 } }\n"
		"      - { name: four, run: [true], when: [steps.three=succeeded] }\n"
		"      - { name: five, run: [true], when: [steps.three=failed, steps.two=succeeded] }\n"
		"      - { name: six, run: [true], on_interrupt: retry, idempotent: true }\n";

static void restart(struct core *core, const char *yaml)
{
	core_world_end(core);
	core_world_start(core, yaml);
}

/* The attempt begins, and its shim is killed. */
static void interrupt(struct core *core, const char *attempt)
{
	peers_started(core, attempt);
	peers_vanished(core, attempt);
}

/* Each attempt is found again as one that certainly never ran, and so is the next one's number. */
TEST(when_retry_and_on_interrupt_go_on_after_a_restart)
{
	struct core core;
	int64_t id;

	core_world_start(&core, conditional);
	id = add_run(&core, "act", 0, 1);
	core_world_tick(&core);
	ck_str(steps_text(&core, id), "0.1 skipped, 1.1 starting");
	peers_do(&core, "1.1.1");
	restart(&core, conditional);
	interrupt(&core, "1.2.2");
	core_world_wait(&core, MINUTE);
	restart(&core, conditional);
	ck_int(core.run.active[0]->cursor.tries, 1);
	interrupt(&core, "1.2.4");
	restart(&core, conditional);
	ck_str(steps_text(&core, id),
			"0.1 skipped, 1.1 succeeded, 2.1 not_started, 2.2 interrupted, 2.3 not_started, 2.4 interrupted, 3.1 skipped, 4.1 not_started, 4.2 starting");
	peers_do(&core, "1.4.2");
	interrupt(&core, "1.5.1");
	interrupt(&core, "1.5.2");
	restart(&core, conditional);
	interrupt(&core, "1.5.4");
	ck_str(run_text(&core, id),
			"interrupted: six: it was started, and nobody knows how it ended");
	core_world_end(&core);
}

TEST(a_skipped_step_says_why)
{
	struct core core;

	core_world_start(&core, conditional);
	add_run(&core, "act", 0, 1);
	core_world_tick(&core);
	ck_str(core_world_rows(&core, "SELECT reason FROM step WHERE step = 0"),
			"when service=\"hermes\": it is \"argus\"");
	core_world_end(&core);
}

TEST(the_last_line_of_a_precheck_is_what_it_says)
{
	static const struct {
		const char *output;
		const char *line;
	} cases[] = {
		{ "", "" },
		{ "\n \n", "" },
		{ "it is up", "it is up" },
		{ "looking\nit is \xc3\xbcp\r\n\n", "it is \xc3\xbcp" },
		{ "a\nb\x1b[1m\xff!\n", "b?[1m?!" },
	};
	char line[ENDING_LINE_MAX];
	struct attempt_output output = { 0 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_clear(&output.head);
		buf_adds(&output.head, cases[i].output);
		ending_last_line(&output, line);
		ck_str(line, cases[i].line);
	}
	for (int i = 0; i < 200; i++) {
		buf_adds(&output.tail, "\xc3\xbc");
	}
	ending_last_line(&output, line);
	ck_int(strlen(line), 200);
	ck(utf8_valid(line, 200));
	buf_clear(&output.head);
	buf_clear(&output.tail);
}

static const char changed[] =
		"playbooks:\n"
		"  - name: look\n"
		"    matchers: ['alertname=\"Down\"']\n"
		"    steps:\n"
		"      - { name: zero, run: [true], on_failure: continue }\n"
		"      - { name: one, run: [true] }\n"
		"  - name: act\n"
		"    matchers: ['alertname=\"Down\"']\n"
		"    params: { service: { from: labels.service, pattern: \"hermes\" } }\n"
		"    steps: [{ name: one, run: [true] }]\n";

/* The configuration whose steps are counted is recorded, not the one that queued the run. */
TEST(a_run_is_resumed_only_with_the_configuration_that_it_started_with)
{
	struct core core;
	int64_t id;

	core_world_start(&core, plain);
	id = add_run(&core, "look", 0, 1);
	core_world_reload(&core, changed);
	ck_str(steps_text(&core, id), "0.1 starting");
	restart(&core, changed);
	ck_str(steps_text(&core, id), "0.1 not_started, 0.2 starting");
	restart(&core, plain);
	ck_has(run_text(&core, id), "interrupted: the configuration that it followed is gone");
	core_world_end(&core);
}

TEST(a_queued_run_whose_params_are_no_longer_allowed_does_not_start)
{
	struct core core;
	int64_t id;

	core_world_start(&core, plain);
	id = add_run(&core, "act", 0, 1);
	core_world_reload(&core, changed);
	ck_has(run_text(&core, id),
			"interrupted: the configuration changed before it started: param 'service': 'argus' does not match 'hermes'");
	ck_str(steps_text(&core, id), "");
	core_world_end(&core);
}

/* The executor ends a core that asks for more than it takes. */
TEST(a_very_long_alertname_is_cut_for_the_executor)
{
	struct arena *arena = arena_new();
	struct buf name = { 0 };
	struct msg_start start;
	struct core core;

	buf_addch(&name, 'x');
	while (name.len < 65000) {
		buf_adds(&name, "\xc3\xa4");
	}
	alertname = buf_text(&name);
	core_world_start(&core, plain);
	add_run(&core, "act", 0, 1);
	core_world_tick(&core);
	must(core_world_find(MSG_START, arena, &start));
	ck_int(strlen(start.alertname), ALERT_NAME_MAX - 1);
	ck(utf8_valid(start.alertname, strlen(start.alertname)));
	core_world_end(&core);
	buf_clear(&name);
	arena_free(arena);
}

/* The attempt in hand cannot be started: ever more rarely tried, until its step has failed. */
static void ck_misses(void (*miss)(struct core *core, const char *attempt))
{
	char pauses[200] = "";
	const struct active *active;
	struct core core;
	int64_t id;

	core_world_start(&core, changed);
	id = add_run(&core, "look", 0, 1);
	core_world_tick(&core);
	active = core.run.active[0];
	while (active->cursor.step == 0) {
		if (active->state == ACTIVE_PAUSED) {
			int64_t pause_ms = active->due_ms - core_world.mono_ms;

			snprintf(pauses + strlen(pauses), 24, "%g ", (double)pause_ms / 1000);
			core_world_wait(&core, pause_ms);
		}
		miss(&core, attempt_in_hand(&core));
	}
	ck_str(pauses, "1 2 4 8 16 32 60 60 60 ");
	ck_int(active->state, ACTIVE_ASKED);
	ck_has(steps_text(&core, id), "0.11 not_started, 1.1 starting");
	core_world_end(&core);
}

static void refuse(struct core *core, const char *attempt)
{
	peers_refused(core, attempt, REFUSED_LATER, "no room");
}

/* A full disk, or no process to be had: not a busy loop, and not for ever. */
TEST(a_step_that_cannot_be_started_is_tried_ever_more_rarely_and_then_fails)
{
	ck_misses(refuse);
}

/* The shim says that there was no process for it. */
static void end_without_process(struct core *core, const char *attempt)
{
	const struct attempt_status status = { .sys_errno = EAGAIN, .what = "fork" };

	peers_started(core, attempt);
	peers_ended(core, attempt, &status);
}

/* That the shim was there says nothing about the step. */
TEST(a_step_for_which_there_is_no_process_is_tried_ever_more_rarely_and_then_fails)
{
	ck_misses(end_without_process);
}

static const char verified[] = "checks: [{ name: page, http: { url: \"http://localhost:1/\" } }]\n"
			       "playbooks:\n"
			       "  - name: fix\n"
			       "    matchers: ['alertname=\"Down\"']\n"
			       "    steps: [{ name: short, wait: 1ms }]\n"
			       "    verify: [{ name: up, check: page }]\n"
			       "  - name: evidence\n"
			       "    matchers: ['alertname=\"Down\"']\n"
			       "    steps: [{ name: long, wait: 10s }]\n";

/* Egress says what it saw for the run, which is at a check. */
static void probed(
		struct core *core, int64_t run_id, enum probe_verdict verdict, const char *detail)
{
	const struct active *active = active_find(&core->run, run_id);

	must(active && active->state == ACTIVE_PROBING);
	core_world_hears(core, ROLE_EGRESS, MSG_PROBED,
			&(struct msg_probed){ active->probe_id, (uint8_t)verdict, detail });
	core_world_wait(core, 0);
}

TEST(an_incident_is_not_mitigated_by_one_target_while_another_is_broken)
{
	struct core core;
	int64_t incident, one, two, again;

	core_world_start(&core, verified);
	incident = add_incident(&core);
	one = add_run(&core, "fix", incident, 1);
	two = add_run(&core, "fix", incident, 2);
	core_world_wait(&core, 1);
	probed(&core, one, VERDICT_FAILING, "status 502");
	ck_str(incident_text(&core, incident),
			"firing: run 1 (fix) failed: verify: up: status 502");
	probed(&core, two, VERDICT_HEALTHY, "");
	ck_str(incident_text(&core, incident),
			"firing: run 1 (fix) failed: verify: up: status 502");

	again = add_run(&core, "fix", 0, 1);
	two = add_run(&core, "fix", incident, 3);
	core_world_wait(&core, 1);
	probed(&core, again, VERDICT_HEALTHY, "");
	probed(&core, two, VERDICT_HEALTHY, "");
	ck_str(incident_text(&core, incident), "mitigated: nobody is needed");
	core_world_end(&core);
}

TEST(evidence_that_comes_after_the_repair_pages_nobody)
{
	struct core core;
	int64_t incident, fix, evidence;

	core_world_start(&core, verified);
	incident = add_incident(&core);
	fix = add_run(&core, "fix", incident, 1);
	evidence = add_run(&core, "evidence", incident, 2);
	core_world_wait(&core, 1);
	probed(&core, fix, VERDICT_HEALTHY, "");
	core_world_wait(&core, 10000);
	ck_has(run_text(&core, evidence), "succeeded: ");
	ck_str(incident_text(&core, incident), "mitigated: nobody is needed");
	core_world_end(&core);
}

static const char telling[] = "receivers:\n"
			      "  - name: on-call\n"
			      "    webhook_configs: [{ url: \"http://127.0.0.1:1/\" }]\n"
			      "playbooks:\n"
			      "  - name: tell\n"
			      "    matchers: ['alertname=\"Down\"']\n"
			      "    steps: [{ name: tell, notify: on-call, text: x }]\n"
			      "    rescue: [{ name: look, run: [true] }]\n"
			      "  - name: tell-later\n"
			      "    matchers: ['alertname=\"Down\"']\n"
			      "    steps:\n"
			      "      - { name: pause, wait: 1ms }\n"
			      "      - { name: tell, notify: on-call, text: x }\n"
			      "  - name: look-and-tell\n"
			      "    matchers: ['alertname=\"Down\"']\n"
			      "    steps:\n"
			      "      - { name: look, run: [true] }\n"
			      "      - { name: tell, notify: on-call, text: x }\n"
			      "  - name: ask-and-tell\n"
			      "    matchers: ['alertname=\"Down\"']\n"
			      "    precheck: { name: ask, run: [true] }\n"
			      "    steps: [{ name: tell, notify: on-call, text: x }]\n";

TEST(a_run_that_only_notified_says_so)
{
	static const struct {
		const char *playbook;
		const char *program; /* that ends well; NULL: there is none */
		const char *attention;
	} rows[] = {
		{ "tell", NULL, "(tell) only sent notifications; nothing was changed or verified" },
		{ "tell-later", NULL, "(tell-later) only sent notifications; nothing" },
		{ "look-and-tell", "1.0.1", "(look-and-tell) collected evidence; nothing" },
		{ "ask-and-tell", "1.0.1", "(ask-and-tell) collected evidence; nothing" },
	};

	for (uint8_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct core core;
		int64_t incident;

		core_world_start(&core, telling);
		incident = add_incident(&core);
		add_run(&core, rows[i].playbook, incident, i);
		core_world_wait(&core, 1);
		if (rows[i].program) {
			peers_do(&core, rows[i].program);
		}
		ck_has(incident_text(&core, incident), rows[i].attention);
		core_world_end(&core);
		core_world_remove_store();
	}
}

TEST(the_pause_before_a_retry_outlives_the_core)
{
	struct core core;
	int64_t id;

	core_world_start(&core, plain);
	id = add_run(&core, "act", 0, 1);
	core_world_tick(&core);
	peers_started(&core, "1.0.1");
	peers_exited(&core, "1.0.1", 1);
	core_world_end(&core);
	core_world_pass(10 * MINUTE);

	core_world_start(&core, plain);
	ck_int(core.run.active[0]->state, ACTIVE_PAUSED);
	core_world_wait(&core, 50 * MINUTE - 1);
	ck_str(steps_text(&core, id), "0.1 failed");
	core_world_wait(&core, 1);
	ck_str(steps_text(&core, id), "0.1 failed, 0.2 starting");
	core_world_end(&core);
}

/* Until 20 minutes after the test began. */
static const char muted[] =
		"time_intervals:\n"
		"  - name: evening\n"
		"    time_intervals:\n"
		"      - { location: Europe/Berlin,\n"
		"          times: [{ start_time: '23:00', end_time: '24:00' }] }\n"
		"playbooks:\n"
		"  - name: look\n"
		"    matchers: ['alertname=\"Down\"']\n"
		"    guards: { mute_time_intervals: [evening] }\n"
		"    steps: [{ name: one, run: [true] }]\n"
		"  - name: act\n"
		"    matchers: ['alertname=\"Down\"']\n"
		"    params: { service: { from: labels.service, pattern: \"[a-z]+\" } }\n"
		"    steps: [{ name: one, run: [true] }]\n";

/* When the room wants to be asked again; -1: never. */
static int64_t room_waits(struct core *core)
{
	struct deadline next = { DEADLINE_NEVER };
	struct err err;

	must_ok(supervisor_tick(&core->run, &next, &err), err);
	return deadline_wait(&next, core_world.mono_ms);
}

/* It looks again when the interval may be over, and, as the clock may be set, every 30 s. */
TEST(a_run_that_was_queued_before_the_interval_starts_after_it)
{
	struct core core;
	int64_t id;

	core_world_start(&core, muted);
	id = add_run(&core, "look", 0, 1);
	core_world_tick(&core);
	ck_str(run_text(&core, id), "queued: ");
	ck_int(room_waits(&core), 30000);
	core_world_wait(&core, 20 * MINUTE - 1);
	ck_str(run_text(&core, id), "queued: ");
	ck_int(room_waits(&core), 1);
	core_world_wait(&core, 1);
	ck_str(run_text(&core, id), "running: ");
	ck_int(room_waits(&core), -1);
	core_world_end(&core);
}

TEST(a_muted_run_lets_others_pass_and_its_guards_may_be_overridden)
{
	struct core core;
	int64_t muted_run;
	int64_t other;
	int64_t overriding;

	core_world_start(&core, muted);
	muted_run = add_run(&core, "look", 0, 1);
	other = add_run(&core, "act", 0, 2);
	override_guards = true;
	overriding = add_run(&core, "look", 0, 3);
	core_world_tick(&core);
	ck_str(run_text(&core, muted_run), "queued: ");
	ck_str(run_text(&core, other), "running: ");
	ck_str(run_text(&core, overriding), "running: ");
	core_world_end(&core);
}
