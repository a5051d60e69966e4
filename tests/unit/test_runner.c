#include "core/run/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "config/load.h"
#include "core/core.h"
#include "core/run/outcome.h"
#include "core/run/precheck.h"
#include "core/run/recovery.h"
#include "domain/incident.h"
#include "store/incidents.h"
#include "sys/file.h"
#include "sys/migrate.h"
#include "test.h"
#include "wire/attempt.h"
#include "wire/ending.h"

/* A core on a real store in the test's folder. What it sends goes nowhere, but is seen in turn. */

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

static struct config *must_parse(const char *yaml)
{
	struct config_file file = { "test.yml", yaml, (uint32_t)strlen(yaml) };
	struct config_files files = { .items = &file, .len = 1 };
	struct buf report = { 0 };
	struct err err;
	struct config *config = load_config(&files, &report, &err);

	if (!config) {
		test_abort(__FILE__, __LINE__, "%s%s", buf_text(&report), err.msg);
	}
	buf_clear(&report);
	return config;
}

static void ignore_closed(void *arg, const struct err *why)
{
	(void)arg;
	(void)why;
}

static const struct channel_ops silent = { NULL, ignore_closed };

static struct channel *must_channel(struct core *core)
{
	struct err err;
	int fds[2];

	must_ok(channel_pair(fds, &err), err);
	return channel_new(core->loop, fds[0], MESSAGE_LARGE_MAX, &silent, core);
}

static void reload(struct core *core, const char *yaml)
{
	struct generation *generation = calloc(1, sizeof(*generation));

	must(generation != NULL);
	generation->config = must_parse(yaml);
	generation->older = core->generations;
	core->generations = generation;
	core->runner.queue_waits = true;
}

static void must_start(struct core *core, const char *yaml)
{
	struct err err;

	*core = (struct core){ 0 };
	core->loop = loop_new(&err);
	must(core->loop != NULL);
	core->control = must_channel(core);
	core->egress = must_channel(core);
	core->storage_fd = file_open_dir(AT_FDCWD, ".", &err);
	core->db = db_open("test.db", &err);
	must(core->db != NULL);
	must_ok(migrate(core->db, &err), err);
	core->turn.db = core->db;
	reload(core, yaml);
}

static void must_tick(struct core *core)
{
	struct err err;

	if (runner_tick(core, &err) == -2) {
		test_abort(__FILE__, __LINE__, "tick: %s", err.msg);
	}
}

static void must_commit(struct core *core)
{
	struct err err;

	must_ok(turn_end(&core->turn, &err), err);
}

static const char *alertname = "Down";
static bool force_runs;

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
		.override_guards = force_runs,
		.config_hash = core_config(core)->hash,
		.alertname = alertname,
		.alert = "{}",
		.alert_status = "firing",
		.queued_at = 1000 };
	struct err err;
	int64_t id;

	must_ok(turn_write(&core->turn, &err), err);
	must_ok(runs_add(core->db, &row, &params, &id, &err), err);
	core->runner.queue_waits = true;
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

	must_ok(turn_write(&core->turn, &err), err);
	must_ok(incidents_add(core->db, &row, &id, &err), err);
	return id;
}

static void take_incident(const struct incident_row *row, void *arg)
{
	snprintf(arg, 600, "%s: %s", incident_status_names[row->status],
			row->attention ? row->attention : "nobody is needed");
}

static const char *incident_text(struct core *core, int64_t id)
{
	static char text[600];
	struct err err;

	must(incidents_get(core->db, id, take_incident, text, &err) == 1);
	return text;
}

/* The run is at its last step: let that end. */
static void end_run(struct core *core, int64_t run_id, enum run_event event, const char *detail)
{
	struct err err;

	for (size_t i = 0; i < core->runner.len; i++) {
		struct active *active = core->runner.active[i];

		if (active->run_id == run_id) {
			must_ok(runner_event(core, active, event, detail, &err), err);
			return;
		}
	}
	must(!"the run goes on");
}

static void take_run(const struct run_row *row, void *arg)
{
	snprintf(arg, 600, "%s: %s", run_status_names[row->status], row->reason);
}

static const char *run_text(struct core *core, int64_t id)
{
	static char text[600];
	struct err err;

	must(runs_get(core->db, id, take_run, text, &err) == 1);
	return text;
}

static void take_step(const struct step_row *row, void *arg)
{
	char *text = arg;

	snprintf(text + strlen(text), 100, "%lld.%lld %s ", (long long)row->step,
			(long long)row->attempt, step_status_names[row->status]);
}

static const char *steps_text(struct core *core, int64_t id)
{
	static char text[1000];
	struct err err;

	text[0] = '\0';
	must_ok(steps_list(core->db, id, take_step, text, &err), err);
	return text;
}

static void take_first_reason(const struct step_row *row, void *arg)
{
	if (row->step == 0) {
		buf_adds(arg, row->reason);
	}
}

TEST(a_first_probe_that_nobody_answered_is_asked_again_by_the_next_core)
{
	struct core core;
	struct err err;
	int64_t id;

	must_start(&core, plain);
	id = add_run(&core, "look", 0, 1);
	must_tick(&core);
	must_commit(&core);
	ck_str(steps_text(&core, id), "0.1 waiting ");
	core_clear(&core);

	must_start(&core, plain);
	must_ok(recovery_run(&core, &err), err);
	ck_int(core.turn.held_len, 1);
	ck_int(core.turn.held[0].type, MSG_PROBE);
	must_commit(&core);
	ck_str(steps_text(&core, id), "0.2 waiting ");
	ck_str(run_text(&core, id), "running: ");
	core_clear(&core);
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
		"      - { name: five, run: [true], when: [steps.three=failed, "
		"steps.two=succeeded] }\n"
		"      - { name: six, run: [true], on_interrupt: retry, idempotent: true }\n";

/* The attempt in hand of the only run ends so. */
static void end_attempt(struct core *core, enum step_status status, enum run_event event)
{
	struct active *active = core->runner.active[0];
	struct step_row row = active_row(active);
	struct err err;

	row.status = (uint8_t)status;
	must_ok(turn_write(&core->turn, &err), err);
	must_ok(steps_ended(core->db, &row, &err), err);
	must_ok(runner_event(core, active, event, "because", &err), err);
	must_commit(core);
}

static void restart(struct core *core, const char *yaml)
{
	struct err err;

	core_clear(core);
	must_start(core, yaml);
	must_ok(recovery_run(core, &err), err);
	must_commit(core);
	must(core->runner.len == 1);
}

/* Each attempt is found again as one that certainly never ran, and so is the next one's number. */
TEST(when_retry_and_on_interrupt_go_on_after_a_restart)
{
	struct core core;
	int64_t id;

	must_start(&core, conditional);
	id = add_run(&core, "act", 0, 1);
	must_tick(&core);
	must_commit(&core);
	ck_str(steps_text(&core, id), "0.1 skipped 1.1 starting ");
	end_attempt(&core, STEP_SUCCEEDED, RUN_EV_OK);
	restart(&core, conditional);
	end_attempt(&core, STEP_INTERRUPTED, RUN_EV_INTERRUPTED);
	must_tick(&core);
	must_commit(&core);
	restart(&core, conditional);
	ck_int(core.runner.active[0]->cursor.tries, 1);
	end_attempt(&core, STEP_INTERRUPTED, RUN_EV_INTERRUPTED);
	restart(&core, conditional);
	ck_str(steps_text(&core, id), "0.1 skipped 1.1 succeeded 2.1 not_started 2.2 interrupted "
				      "2.3 not_started 2.4 interrupted 3.1 skipped "
				      "4.1 not_started 4.2 starting ");
	end_attempt(&core, STEP_SUCCEEDED, RUN_EV_OK);
	end_attempt(&core, STEP_INTERRUPTED, RUN_EV_INTERRUPTED);
	end_attempt(&core, STEP_INTERRUPTED, RUN_EV_INTERRUPTED);
	restart(&core, conditional);
	end_attempt(&core, STEP_INTERRUPTED, RUN_EV_INTERRUPTED);
	ck_str(run_text(&core, id), "interrupted: six: because");
	core_clear(&core);
}

TEST(a_skipped_step_says_why)
{
	struct core core;
	struct buf reason = { 0 };
	struct err err;
	int64_t id;

	must_start(&core, conditional);
	id = add_run(&core, "act", 0, 1);
	must_tick(&core);
	must_commit(&core);
	must_ok(steps_list(core.db, id, take_first_reason, &reason, &err), err);
	ck_str(buf_text(&reason), "when service=\"hermes\": it is \"argus\"");
	buf_clear(&reason);
	core_clear(&core);
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

/* What is recorded is the configuration whose steps are counted, not the one that queued the run.
 */
TEST(a_run_is_resumed_only_with_the_configuration_that_it_started_with)
{
	struct core core;
	struct err err;
	int64_t id;

	must_start(&core, plain);
	id = add_run(&core, "look", 0, 1);
	reload(&core, changed);
	must_tick(&core);
	must_commit(&core);
	ck_str(steps_text(&core, id), "0.1 starting ");
	core_clear(&core);

	must_start(&core, changed);
	must_ok(recovery_run(&core, &err), err);
	must_commit(&core);
	ck_str(steps_text(&core, id), "0.1 not_started 0.2 starting ");
	core_clear(&core);

	must_start(&core, plain);
	must_ok(recovery_run(&core, &err), err);
	must_commit(&core);
	ck_has(run_text(&core, id), "interrupted: the configuration that it followed is gone");
	core_clear(&core);
}

TEST(a_queued_run_whose_params_are_no_longer_allowed_does_not_start)
{
	struct core core;
	int64_t id;

	must_start(&core, plain);
	id = add_run(&core, "act", 0, 1);
	reload(&core, changed);
	must_tick(&core);
	must_commit(&core);
	ck_has(run_text(&core, id), "interrupted: before it started, the configuration changed: "
				    "param 'service': 'argus' does not match 'hermes'");
	ck_str(steps_text(&core, id), "");
	core_clear(&core);
}

/* The executor ends a core that asks for more than it takes. */
TEST(a_very_long_alertname_is_cut_for_the_executor)
{
	struct arena *arena = arena_new();
	struct buf name = { 0 };
	struct msg_start start;
	struct core core;
	struct err err;

	buf_addch(&name, 'x');
	while (name.len < 65000) {
		buf_adds(&name, "\xc3\xa4");
	}
	alertname = buf_text(&name);
	must_start(&core, plain);
	add_run(&core, "act", 0, 1);
	must_tick(&core);
	ck_int(core.turn.held_len, 1);
	must_ok(wire_decode(message_types[MSG_START], core.turn.payloads.data,
				core.turn.held[0].len, arena, &start, &err),
			err);
	ck_int(strlen(start.alertname), ALERT_NAME_MAX - 1);
	ck(utf8_valid(start.alertname, strlen(start.alertname)));
	core_clear(&core);
	buf_clear(&name);
	arena_free(arena);
}

/* A full disk, or no process to be had: not a busy loop, and not for ever. */
TEST(a_step_that_cannot_be_started_is_tried_ever_more_rarely_and_then_fails)
{
	struct msg_refused refused = { .why = REFUSED_LATER, .reason = "no room" };
	char pauses[200] = "";
	struct active *active;
	struct core core;
	struct err err;
	int64_t id;

	must_start(&core, changed);
	id = add_run(&core, "look", 0, 1);
	must_tick(&core);
	active = core.runner.active[0];
	while (active->cursor.step == 0) {
		if (active->state == ACTIVE_PAUSED) {
			int64_t seconds = (active->due_ms - clock_mono_ms() + 500) / 1000;

			snprintf(pauses + strlen(pauses), 24, "%lld ", (long long)seconds);
			active->due_ms = 0;
			must_tick(&core);
		}
		refused.id = active_attempt(active);
		must_ok(outcome_refused(&core, &refused, &err), err);
	}
	ck_str(pauses, "1 2 4 8 16 32 60 60 60 ");
	ck_int(active->state, ACTIVE_ASKED);
	ck_has(steps_text(&core, id), "0.11 not_started 1.1 starting ");
	core_clear(&core);
}

/* The shim says that there was no process for it. */
static void write_not_started(struct core *core, const struct attempt_id *id)
{
	struct attempt_status status = { .sys_errno = EAGAIN, .what = "fork" };
	char path[ATTEMPT_DIR_TEXT_MAX + 8];
	auto_buf struct buf text = { 0 };
	struct err err;

	snprintf(path, sizeof(path), "runs/%llu", (unsigned long long)id->run);
	mkdirat(core->storage_fd, "runs", 0700);
	mkdirat(core->storage_fd, path, 0700);
	attempt_dir(id, path);
	ck_int(mkdirat(core->storage_fd, path, 0700), 0);
	strcat(path, "/status");
	attempt_status_format(&status, &text);
	must_ok(file_write_durable(core->storage_fd, path, text.data, text.len, 0600, &err), err);
}

/* That the shim was there says nothing about the step. */
TEST(a_step_for_which_there_is_no_process_is_tried_ever_more_rarely_and_then_fails)
{
	struct msg_started started = { .pid = 1, .boot_id = "b" };
	char pauses[200] = "";
	struct active *active;
	struct core core;
	struct err err;
	int64_t id;

	must_start(&core, changed);
	id = add_run(&core, "look", 0, 1);
	must_tick(&core);
	active = core.runner.active[0];
	while (active->cursor.step == 0) {
		if (active->state == ACTIVE_PAUSED) {
			int64_t seconds = (active->due_ms - clock_mono_ms() + 500) / 1000;

			snprintf(pauses + strlen(pauses), 24, "%lld ", (long long)seconds);
			active->due_ms = 0;
			must_tick(&core);
		}
		started.id = active_attempt(active);
		must_ok(outcome_started(&core, &started, &err), err);
		write_not_started(&core, &started.id);
		must_ok(outcome_ended(&core, &(struct msg_ended){ .id = started.id }, &err), err);
	}
	ck_str(pauses, "1 2 4 8 16 32 60 60 60 ");
	ck_has(steps_text(&core, id), "0.11 not_started 1.1 starting ");
	core_clear(&core);
}

static const char verified[] = "checks: [{ name: page, http: { url: \"http://localhost:1/\" } }]\n"
			       "playbooks:\n"
			       "  - name: fix\n"
			       "    matchers: ['alertname=\"Down\"']\n"
			       "    steps: [{ name: short, wait: 1ms }]\n"
			       "    verify: [{ name: up, check: page }]\n"
			       "  - name: evidence\n"
			       "    matchers: ['alertname=\"Down\"']\n"
			       "    steps: [{ name: short, wait: 1ms }]\n";

TEST(an_incident_is_not_mitigated_by_one_target_while_another_is_broken)
{
	struct core core;
	int64_t incident, one, two, again;

	must_start(&core, verified);
	incident = add_incident(&core);
	one = add_run(&core, "fix", incident, 1);
	two = add_run(&core, "fix", incident, 2);
	must_tick(&core);
	end_run(&core, one, RUN_EV_OK, "");
	end_run(&core, two, RUN_EV_OK, "");
	end_run(&core, one, RUN_EV_FAILED, "status 502");
	ck_str(incident_text(&core, incident),
			"firing: run 1 (fix) failed: verify: up: status 502");
	end_run(&core, two, RUN_EV_OK, "");
	ck_str(incident_text(&core, incident),
			"firing: run 1 (fix) failed: verify: up: status 502");

	again = add_run(&core, "fix", 0, 1);
	two = add_run(&core, "fix", incident, 3);
	must_tick(&core);
	end_run(&core, again, RUN_EV_OK, "");
	end_run(&core, again, RUN_EV_OK, "");
	end_run(&core, two, RUN_EV_OK, "");
	end_run(&core, two, RUN_EV_OK, "");
	ck_str(incident_text(&core, incident), "mitigated: nobody is needed");
	core_clear(&core);
}

TEST(evidence_that_comes_after_the_repair_calls_nobody)
{
	struct core core;
	int64_t incident, fix, evidence;

	must_start(&core, verified);
	incident = add_incident(&core);
	fix = add_run(&core, "fix", incident, 1);
	evidence = add_run(&core, "evidence", incident, 2);
	must_tick(&core);
	end_run(&core, fix, RUN_EV_OK, "");
	end_run(&core, fix, RUN_EV_OK, "");
	end_run(&core, evidence, RUN_EV_OK, "");
	ck_str(incident_text(&core, incident), "mitigated: nobody is needed");
	core_clear(&core);
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
		bool waits;
		const char *attention;
	} rows[] = {
		{ "tell", false,
				"(tell) only sent notifications; nothing was changed or verified" },
		{ "tell-later", true, "(tell-later) only sent notifications; nothing" },
		{ "look-and-tell", true, "(look-and-tell) collected evidence; nothing" },
		{ "ask-and-tell", true, "(ask-and-tell) collected evidence; nothing" },
	};

	for (uint8_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct core core;
		int64_t incident, run;

		must_start(&core, telling);
		incident = add_incident(&core);
		run = add_run(&core, rows[i].playbook, incident, i);
		must_tick(&core);
		if (rows[i].waits) {
			end_run(&core, run, RUN_EV_OK, "");
		}
		ck_has(incident_text(&core, incident), rows[i].attention);
		core_clear(&core);
		must(unlink("test.db") == 0);
	}
}

TEST(the_pause_before_a_retry_outlives_the_core)
{
	struct step_row row = { .step = 0, .attempt = 1, .status = STEP_FAILED, .reason = "" };
	struct core core;
	struct err err;
	int64_t left;

	must_start(&core, plain);
	row.run_id = add_run(&core, "act", 0, 1);
	must_tick(&core);
	row.finished_at = clock_wall_ms() - 10 * 60 * 1000;
	must_ok(steps_ended(core.db, &row, &err), err);
	must_commit(&core);
	core_clear(&core);

	must_start(&core, plain);
	must_ok(recovery_run(&core, &err), err);
	ck_int(core.runner.active[0]->state, ACTIVE_PAUSED);
	left = core.runner.active[0]->due_ms - clock_mono_ms();
	ck(left > 49 * 60 * 1000 && left <= 50 * 60 * 1000);
	core.runner.active[0]->due_ms = 0;
	must_tick(&core);
	ck_str(steps_text(&core, row.run_id), "0.1 failed 0.2 starting ");
	core_clear(&core);
}

static const char muted[] =
		"time_intervals:\n"
		"  - { name: now, time_intervals: [{ location: Europe/Berlin }] }\n"
		"playbooks:\n"
		"  - name: look\n"
		"    matchers: ['alertname=\"Down\"']\n"
		"    guards: { mute_time_intervals: [now] }\n"
		"    steps: [{ name: one, run: [true] }]\n"
		"  - name: act\n"
		"    matchers: ['alertname=\"Down\"']\n"
		"    params: { service: { from: labels.service, pattern: \"[a-z]+\" } }\n"
		"    steps: [{ name: one, run: [true] }]\n";

/* It looks again when the interval may be over; the clock may be set meanwhile, so in 30 s at last.
 */
TEST(a_run_that_was_queued_before_the_interval_starts_after_it)
{
	struct core core;
	struct err err;
	int64_t left;
	int64_t id;

	must_start(&core, muted);
	id = add_run(&core, "look", 0, 1);
	left = runner_tick(&core, &err);
	must_commit(&core);
	ck_str(run_text(&core, id), "queued: ");
	ck(left > 0 && left <= 30000);

	core.generations->config->intervals[0].periods_len = 0;
	left = runner_tick(&core, &err);
	ck_str(run_text(&core, id), "queued: ");
	ck(left > 0 && left <= 30000);
	core.runner.look_ms = clock_mono_ms();
	ck_int(runner_tick(&core, &err), -1);
	ck_str(run_text(&core, id), "running: ");
	core_clear(&core);
}

TEST(a_muted_run_lets_others_pass_and_may_be_forced)
{
	struct core core;
	int64_t held;
	int64_t other;
	int64_t forced;

	must_start(&core, muted);
	held = add_run(&core, "look", 0, 1);
	other = add_run(&core, "act", 0, 2);
	force_runs = true;
	forced = add_run(&core, "look", 0, 3);
	must_tick(&core);
	must_commit(&core);
	ck_str(run_text(&core, held), "queued: ");
	ck_str(run_text(&core, other), "running: ");
	ck_str(run_text(&core, forced), "running: ");
	core_clear(&core);
}
