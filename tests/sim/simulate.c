/* SPDX-License-Identifier: Apache-2.0 */
/*
 * simulate - the real core in a simulated world: random schedules from seeds, with the invariants
 * of the store checked after each event.
 *
 * usage: simulate [--seed FIRST] [--seeds N] [--events N] [--verbose]
 *
 * The core takes in deliveries of two Alertmanagers, late, repeated, reordered, resolved first,
 * and in a third of the seeds asks them what they list;
 * steps end well, badly, by their deadline, or nobody knows how; people pause, resume, cancel,
 * approve, reject and start runs by hand, say what they know of incidents, or say nothing; levels
 * are called; the configuration is changed, or only its file; clocks jump; and the core dies at any
 * moment: before its commit, after it, with and without what it was about to say. A seed gives the
 * same schedule always.
 */
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alertmanagers.h"
#include "asked.h"
#include "base/log.h"
#include "begun.h"
#include "called.h"
#include "config/load.h"
#include "domain/approval.h"
#include "promises.h"
#include "store/audits.h"
#include "sys/migrate.h"
#include "world.h"

#define QUARTER_HOUR (INT64_C(15) * 60 * 1000)

static const char configuration[] =
		"global: { max_concurrent_runs: 3 }\n"
		"receivers:\n"
		"  - name: crew\n"
		"    webhook_configs: [{ url: 'http://127.0.0.1/a' }, { url: 'http://127.0.0.1/b' }]\n"
		"  - { name: on-call, webhook_configs: [{ url: 'http://a/' }] }\n"
		"  - { name: senior, webhook_configs: [{ url: 'http://b/' }] }\n"
		"  - { name: lead, webhook_configs: [{ url: 'http://c/' }] }\n"
		"escalation:\n"
		"  hold: 1m\n"
		"  update_every: 30m\n"
		"  levels:\n"
		"    - { name: L1, receivers: [on-call], respond_within: 2m }\n"
		"    - { name: L2, receivers: [senior, on-call], respond_within: 5m }\n"
		"    - { name: L3, receivers: [lead], respond_within: 0 }\n"
		"  raise:\n"
		"    - { level: L3, matchers: ['alertname=~\"Restart|Guarded\"'],\n"
		"        distinct: service, at_least: 3 }\n"
		"    - { level: L2, matchers: [alertname=Nobodys], at_least: 2 }\n"
		"checks:\n"
		"  - { name: up, http: { url: 'http://127.0.0.1/' } }\n"
		"  - { name: there, command: ['true'] }\n"
		"playbooks:\n"
		"  - name: restart\n"
		"    matchers: [alertname=Restart]\n"
		"    params: { service: { from: labels.service, pattern: '[a-z]' } }\n"
		"    guards: { cooldown: 5m }\n"
		"    steps:\n"
		"      - { name: look, run: ['true'], on_failure: continue }\n"
		"      - { name: restart, run: ['true'], idempotent: true,\n"
		"          retry: { attempts: 2, delay: 1s } }\n"
		"    verify: [{ check: up, within: 30s, every: 2s, settle: 3s }]\n"
		"    rescue: [{ name: evidence, run: ['true'] }]\n"
		"  - name: locked\n"
		"    matchers: [alertname=Locked]\n"
		"    incident: { group_by: [alertname] }\n"
		"    params: { service: { from: labels.service, pattern: '[a-z]' } }\n"
		"    guards: { lock: one, limit: { runs: 4, per: 10m } }\n"
		"    steps: [{ name: first, run: ['true'] }, { name: rest, wait: 5s },\n"
		"            { name: tell, notify: crew, text: '${service}' },\n"
		"            { name: second, script: 'true' }]\n"
		"    verify: [{ check: there, within: 10s, every: 1s }]\n"
		"  - name: guarded\n"
		"    matchers: [alertname=Guarded]\n"
		"    params: { service: { from: labels.service, pattern: '[a-z]' } }\n"
		"    guards:\n"
		"      breaker: { failures: 2, open_for: 10m }\n"
		"      max_targets: { distinct: service, at_most: 2, per: 5m }\n"
		"      max_concurrent: 1\n"
		"    steps: [{ name: only, run: ['true'], on_interrupt: fail }]\n"
		"    rescue: [{ name: evidence, run: ['true'] },\n"
		"             { name: tell, notify: crew, text: '${service}' }]\n"
		"  - name: plain\n"
		"    matchers: [alertname=Plain]\n"
		"    steps: [{ name: only, run: ['true'] }, { name: rest, wait: 5s }]\n"
		"    verify: [{ check: up, within: 10s, every: 2s }]\n"
		"  - name: asks\n"
		"    matchers: [alertname=Asks]\n"
		"    params: { service: { from: labels.service, pattern: '[a-z]' } }\n"
		"    guards: { lock: asks }\n"
		"    steps:\n"
		"      - { name: may it, approve: { within: 20m } }\n"
		"      - { name: half, run: ['true'] }\n"
		"      - { name: may it again, approve: { within: 5m, four_eyes: true } }\n"
		"      - { name: rest, run: ['true', '%s'], idempotent: true,\n"
		"          retry: { attempts: 2, delay: 1s } }\n"
		"    verify: [{ check: up }]\n"
		"    rescue: [{ name: evidence, run: ['true'] }]\n"
		"# %s\n"
		"%s";

/* The same, the same in another file, and another. */
static const char *const variants[][2] = { { "a", "" }, { "a", "again" }, { "b", "" } };
#define VARIANTS (sizeof(variants) / sizeof(variants[0]))

/* Of a core that asks no Alertmanager, and of one that does. */
static struct config_version both[2][VARIANTS];
static struct config_version *versions;
static struct config_version *in_force;

static const char *const tables[] = { "late_alert", "cut_delivery", "upstream_sender", "outbox",
	"output", "step", "run_param", "run_also", "approval", "target_call", "decision", "run",
	"episode", "timeline", "follow_up", "checklist", "told", "raise", "escalation", "incident",
	"delivery", "pause", "audit" };

struct options {
	uint64_t seed;
	uint64_t seeds;
	unsigned events;
	bool verbose;
};

/* Totals over all seeds. */
static struct {
	uint64_t events, crashes, acks, calls, effects, approved, notices, orders;
} totals;

static uint64_t seed_now;
static unsigned event_now;

static void __attribute__((noreturn, format(printf, 1, 2))) violation(const char *fmt, ...)
{
	va_list ap;

	printf("violation: seed %" PRIu64 ", event %u: ", seed_now, event_now);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\nagain: simulate --seed %" PRIu64 " --seeds 1\nnot ok the_invariants_hold\n",
			seed_now);
	exit(1);
}

static void must(int rc, const struct err *err)
{
	if (rc < 0) {
		violation("the store failed: %s", err->msg);
	}
}

static void ask(const char *const *questions)
{
	struct err err;

	for (; *questions; questions++) {
		struct stmt *s = db_stmt(world.core->ground.db, *questions);
		int rc = stmt_step(s, &err);

		if (rc == 1) {
			violation("%s", stmt_col_text(s, 0));
		}
		must(rc, &err);
	}
}

/* In one transaction, which spares each question its locks. */
static void ask_always(void)
{
	struct err err;

	must(db_begin(world.core->ground.db, &err), &err);
	ask(promises_always);
	ask(called_always);
	db_rollback(world.core->ground.db);
}

/* A failure is the core's death, or a violation. Is it alive? */
static bool is_alive(const struct core *core)
{
	if (core->failure.code != ERR_NONE && !world.dead) {
		violation("the store failed: %s", core->failure.msg);
	}
	return !world.dead;
}

static void end_turn(struct core *core)
{
	core_tick(core);
	is_alive(core);
	/* It may have died after the commit, which counts. */
	if (core->failure.code == ERR_NONE && world.hearing) {
		world.told[world.hearing] = true;
		world.hearing = 0;
	}
}

/* The core as it is right after its start: nothing in memory but what is in the store. */
static void core_born(struct core *core, struct db *db)
{
	struct err err;

	core_world_init(core);
	core_open(core, db);
	core->ground.configs.newest = in_force;
	for (size_t i = 0; i < VARIANTS; i++) {
		versions[i].refs = 0;
	}
	if (core_begin(core, &err) < 0) {
		core->failure = err;
	}
	if (is_alive(core)) {
		end_turn(core);
	}
}

/* Its store and its configuration live on. */
static void core_dies(struct core *core)
{
	world.fuse = 0;
	world.dead = false;
	world.hearing = 0;
	db_rollback(core->ground.db);
	core->ground.db = NULL;
	core->ground.configs.newest = NULL;
	core_world_end(core);
	world_core_died();
}

/* It is started again, and may die in its recovery too. */
static void core_is_restarted(struct core *core)
{
	struct db *db = core->ground.db;

	do {
		core_dies(core);
		totals.crashes++;
		world.fuse = world_random(100) < 20 ? 1 + world_random(20) : 0;
		core_born(core, db);
	} while (world.dead);
	world.fuse = 0;
}

static void complain(const char *complaint)
{
	if (complaint) {
		violation("%s", complaint);
	}
}

static void check_world(void)
{
	complain(world_complaint());
}

/* The one number that sql gives. */
static int64_t number(const char *sql)
{
	struct stmt *s = db_stmt(world.core->ground.db, sql);
	struct err err;
	int64_t count;

	if (stmt_step(s, &err) != 1) {
		must(-1, &err);
	}
	count = stmt_col_int(s, 0);
	stmt_reset(s);
	return count;
}

/* Runs that began, but for those that were forced. */
static int64_t count_begun(void)
{
	return number("SELECT count(*) FROM run WHERE started_at IS NOT NULL AND NOT forced");
}

/* How many rows were written by now, what was undone included. */
static int64_t count_changes(void)
{
	return number("SELECT total_changes()");
}

/* A reload. Who holds on to the one before keeps it. */
static void change_configuration(struct core *core)
{
	struct err err;

	in_force = &versions[world_random(VARIANTS)];
	core->ground.configs.newest = in_force;
	alertmanagers_forgotten(false);
	if (core_config_new(core, &err) < 0) {
		core->failure = err;
	}
}

/* Since when the kill switch is on, by the time of the world; 0: it is off. */
static int64_t paused_since(const struct core *core)
{
	char reason[GUARD_REASON_MAX];
	const struct guard_pause *guard = &core->ground.pause.guard;

	return guard_pause(guard, core_world.wall_ms, reason) ? 0 : guard->since;
}

/* One event, one turn; sometimes the core dies in it, at any thing that it does. */
static void one_turn(struct core *core)
{
	int64_t since = paused_since(core);
	int64_t begun = count_begun();
	int64_t changes = count_changes();

	called_watch();
	begun_watch();
	asked_watch();
	world.fuse = world_random(100) < 5 ? 1 + world_random(30) : 0;
	if (world_random(100) < 2) {
		change_configuration(core);
	} else {
		world_event();
	}
	if (is_alive(core)) {
		end_turn(core);
	}
	if (world.dead) {
		core_is_restarted(core);
	}
	world.fuse = 0;
	check_world();
	if (since && paused_since(core) == since && count_begun() != begun) {
		violation("a run began while playbookd was paused");
	}
	if (count_changes() != changes) {
		ask_always();
	}
	if (begun_complaint()) {
		violation("%s", begun_complaint());
	}
	if (called_complaint()) {
		violation("%s", called_complaint());
	}
	complain(asked_complaint());
}

static const struct step *step_of(const struct config *config, const char *playbook, int64_t step)
{
	return &config_playbook(config, playbook)->steps[step];
}

/* Each attempt in the store says what really happened to its program. */
static void check_attempts(const struct config *config)
{
	static const char sql[] = "SELECT s.run_id, s.step, s.attempt, s.status, r.playbook"
				  " FROM step s JOIN run r ON r.id = s.run_id"
				  " WHERE s.kind IN ('run', 'script')";
	struct stmt *s = db_stmt(world.core->ground.db, sql);
	struct err err;
	int rc;

	while ((rc = stmt_step(s, &err)) == 1) {
		const struct attempt_id id = { (uint64_t)stmt_col_int(s, 0),
			(uint32_t)stmt_col_int(s, 1), (uint32_t)stmt_col_int(s, 2) };
		const struct attempt *attempt = world_attempt(&id);
		const char *status = stmt_col_text(s, 3);
		int ran = attempt ? attempt->effects : 0;
		bool says_ran = strcmp(status, "not_started") != 0;

		if (ran > 1 || ran != says_ran) {
			violation("run %d step %d attempt %d is %s, but it ran %d times",
					(int)id.run, (int)id.step, (int)id.attempt, status, ran);
		}
		if (attempt && attempt->state == ENDED && attempt->effects &&
				(attempt->status.result == ATTEMPT_EXITED &&
						attempt->status.exit_code == 0) !=
						!strcmp(status, "succeeded")) {
			violation("run %d step %d attempt %d is %s, but it ended otherwise",
					(int)id.run, (int)id.step, (int)id.attempt, status);
		}
		(void)step_of(config, stmt_col_text(s, 4), id.step);
	}
	must(rc, &err);
}

/* I3: no more effects of a step than its retry allows; I4: none without a row. */
static void check_effects(const struct config *config)
{
	static const char sql[] = "SELECT r.playbook, s.kind FROM run r"
				  " JOIN step s ON s.run_id = r.id AND s.step = :step"
				  " WHERE r.id = :run";
	struct err err;

	for (size_t i = 0; i < world.attempts_len; i++) {
		const struct attempt_id *id = &world.attempts[i].id;
		struct stmt *s = db_stmt(world.core->ground.db, sql);
		unsigned effects = 0;

		totals.effects += (unsigned)world.attempts[i].effects;
		stmt_int(s, ":run", (int64_t)id->run);
		stmt_int(s, ":step", id->step);
		if (stmt_step(s, &err) != 1) {
			violation("run %d step %d ran, and the store does not know", (int)id->run,
					(int)id->step);
		}
		for (size_t j = 0; j < world.attempts_len; j++) {
			const struct attempt *other = &world.attempts[j];

			effects += other->id.run == id->run && other->id.step == id->step
						   ? (unsigned)other->effects
						   : 0;
		}
		if (strcmp(stmt_col_text(s, 1), "check") != 0 &&
				effects > step_of(config, stmt_col_text(s, 0), id->step)
								->attempts) {
			violation("run %d step %d ran %u times", (int)id->run, (int)id->step,
					effects);
		}
		stmt_reset(s);
	}
}

/* What the core heard that it was taken is sent, and nothing else is. */
static void check_notices(void)
{
	static const char sql[] = "SELECT id, status FROM outbox";
	struct stmt *s = db_stmt(world.core->ground.db, sql);
	struct err err;
	int rc;

	while ((rc = stmt_step(s, &err)) == 1) {
		int64_t id = stmt_col_int(s, 0);
		bool sent = !strcmp(stmt_col_text(s, 1), "sent");

		totals.notices++;
		if (sent != world.told[id]) {
			violation("notice %d is %s, but it was%s taken", (int)id,
					stmt_col_text(s, 1), sent ? " not" : "");
		}
	}
	must(rc, &err);
}

/* I1: whatever was answered with 200 is there. */
static void check_acks(void)
{
	static const char sql[] = "SELECT alerts FROM delivery WHERE id = :id";
	struct err err;

	for (size_t i = 0; i < world.acks_len; i++) {
		struct stmt *s = db_stmt(world.core->ground.db, sql);

		stmt_int(s, ":id", world.acks[i].delivery_id);
		if (stmt_step(s, &err) != 1 || stmt_col_int(s, 0) != world.acks[i].alerts) {
			violation("delivery %d was acknowledged and is not there",
					(int)world.acks[i].delivery_id);
		}
		stmt_reset(s);
	}
	totals.acks += world.acks_len;
}

static void let_it_end(struct core *core)
{
	for (int i = 0; world_drain(); i++) {
		end_turn(core);
		check_world();
		if (i == 100000) {
			violation("it does not come to rest");
		}
	}
	end_turn(core);
}

/* What ends may be what others are told of, and then that must arrive. */
static void come_to_rest(struct core *core)
{
	do {
		let_it_end(core);
	} while (core->notify.in_flight.len || core->notify.look_ms);
}

/* Nothing new happens; then an hour and a half passes, in which people are called and told. */
/* I7 */
static void check_audit(void)
{
	struct audit_verdict verdict;
	struct err err;

	if (audits_verify(world.core->ground.db, &verdict, &err) < 0) {
		must(-1, &err);
	}
	if (verdict.broken_id) {
		violation("audit row %d: %s", (int)verdict.broken_id, verdict.why);
	}
	totals.orders += (uint64_t)verdict.last_id;
}

static void drain(struct core *core)
{
	alertmanagers_rest();
	come_to_rest(core);
	for (int i = 0; i < 6; i++) {
		core_world_pass(QUARTER_HOUR);
		end_turn(core);
		come_to_rest(core);
	}
}

static void empty_tables(struct db *db)
{
	char sql[64];
	struct err err;

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		snprintf(sql, sizeof(sql), "DELETE FROM %s", tables[i]);
		must(db_exec(db, sql, &err), &err);
	}
}

static const struct config *config_of(const uint8_t *hash)
{
	for (size_t i = 0; i < VARIANTS; i++) {
		if (!memcmp(versions[i].config->hash, hash, DIGEST_SIZE)) {
			return versions[i].config;
		}
	}
	violation("a run of no configuration");
}

/* What ran behind an approve step is what was approved there. */
static void check_approved(struct db *db)
{
	static const char sql[] = "SELECT a.run_id, a.work, r.config_hash, p.value FROM approval a"
				  " JOIN run r ON r.id = a.run_id"
				  " JOIN run_param p ON p.run_id = r.id"
				  " WHERE a.decision = 'approved' AND EXISTS (SELECT 1 FROM step s"
				  " WHERE s.run_id = a.run_id AND s.step > a.step"
				  " AND s.kind <> 'approve')";
	struct stmt *s = db_stmt(db, sql);
	struct err err;
	int rc;

	while ((rc = stmt_step(s, &err)) == 1) {
		size_t len;
		const void *work = stmt_col_blob(s, 1, &len);
		const struct config *config = config_of(stmt_col_blob(s, 2, &len));
		struct label service = { "service", stmt_col_text(s, 3) };
		const struct labels params = { &service, 1 };
		const struct approval_subject subject = { config_playbook(config, "asks"), &params,
			config->checks, config->checks_len };
		uint8_t done[DIGEST_SIZE];

		must(approval_work(&subject, done, &err), &err);
		if (memcmp(done, work, DIGEST_SIZE) != 0) {
			violation("run %d did something else than was approved",
					(int)stmt_col_int(s, 0));
		}
		totals.approved++;
	}
	must(rc, &err);
}

/* No alert unheard: what fires at the end is known to fire, and not thought over or repaired. */
static void check_heard(void)
{
	static const char sql[] =
			"SELECT 1 FROM episode e LEFT JOIN incident i ON i.id = e.incident_id"
			" WHERE e.status = 'firing' AND e.labels = :labels"
			" AND coalesce(i.closed_at, i.resolved_at, :starts_at) >= :starts_at"
			" AND (i.status IS NOT 'mitigated' OR EXISTS (SELECT 1 FROM run r"
			" WHERE r.finished_at >= :starts_at AND (r.incident_id = i.id OR r.id IN"
			" (SELECT run_id FROM run_also WHERE incident_id = i.id))))";
	struct err err;

	for (unsigned i = 0; world.in_order && i < IDENTITIES; i++) {
		struct stmt *s = db_stmt(world.core->ground.db, sql);

		if (!world.truth[i].firing || world.unheard[i] || alertmanagers_silence(i)) {
			continue;
		}
		stmt_text(s, ":labels", world_labels(i));
		stmt_int(s, ":starts_at", world.truth[i].starts_at);
		if (stmt_step(s, &err) != 1) {
			violation("an alert fires, and nobody knows: %s", world_labels(i));
		}
		stmt_reset(s);
	}
}

static void run_seed(struct db *db, const struct options *options)
{
	struct core core;

	memset(&world, 0, sizeof(world));
	world.rng = (seed_now + 1) * UINT64_C(0x9E3779B97F4A7C15);
	world.in_order = seed_now % 4 == 0;
	world.asked = seed_now % 3 == 1;
	world.right = world.asked && (world.in_order || seed_now % 2 == 0);
	versions = both[world.asked];
	alertmanagers_begin();
	world.core = &core;
	world_connect(db);
	empty_tables(db);
	in_force = &versions[0];
	core_born(&core, db);
	for (event_now = 1; event_now <= options->events; event_now++) {
		one_turn(&core);
	}
	drain(&core);
	ask_always();
	ask(promises_at_rest);
	ask(called_at_rest);
	check_attempts(versions[0].config);
	check_effects(versions[0].config);
	check_approved(db);
	check_notices();
	check_acks();
	check_heard();
	complain(asked_complaint_at_rest());
	check_audit();
	totals.events += options->events;
	totals.calls += called_count();
	core_dies(&core);
}

static struct config *must_configure(const char *const variant[2], bool asks)
{
	char *text = xasprintf(
			configuration, variant[0], variant[1], asks ? alertmanagers_yaml : "");
	struct config_file file = { "simulate.yml", text, (uint32_t)strlen(text) };
	const struct config_files files = { .items = &file, .len = 1 };
	struct buf report = { 0 };
	struct err err;
	struct config *config = load_config(&files, &report, &err);

	if (!config) {
		fprintf(stderr, "%s", buf_text(&report));
		exit(2);
	}
	buf_clear(&report);
	free(text);
	return config;
}

static void read_options(int argc, char **argv, struct options *options)
{
	static const struct option flags[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "seeds", required_argument, NULL, 'n' },
		{ "events", required_argument, NULL, 'e' },
		{ "verbose", no_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 },
	};
	int flag;

	while ((flag = getopt_long(argc, argv, "", flags, NULL)) >= 0) {
		switch (flag) {
		case 's':
			options->seed = strtoull(optarg, NULL, 10);
			break;
		case 'n':
			options->seeds = strtoull(optarg, NULL, 10);
			break;
		case 'e':
			options->events = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'v':
			options->verbose = true;
			break;
		default:
			exit(2);
		}
	}
}

int main(int argc, char **argv)
{
	struct options options = { 1, 200, 200, false };
	char folder[] = "/tmp/playbookd-sim-XXXXXX";
	struct err err;

	read_options(argc, argv, &options);
	for (size_t i = 0; i < 2 * VARIANTS; i++) {
		both[i % 2][i / 2].config = must_configure(variants[i / 2], i % 2);
	}
	/* Its deaths are no news. */
	log_setup(options.verbose ? LOG_DEBUG : (enum log_level)(LOG_ERROR + 1), LOG_LOGFMT,
			"core");
	if (!mkdtemp(folder) || chdir(folder) < 0) {
		perror(folder);
		return 2;
	}

	struct db *db = db_open("sim.db", &err);

	must(db ? migrate(db, &err) : -1, &err);
	must(db_exec(db, "PRAGMA synchronous = OFF", &err), &err);
	for (uint64_t i = 0; i < options.seeds; i++) {
		seed_now = options.seed + i;
		run_seed(db, &options);
	}
	printf("%" PRIu64 " seeds, %" PRIu64 " events, %" PRIu64 " crashes, %" PRIu64
	       " acknowledged deliveries, %" PRIu64 " calls, %" PRIu64 " effects, %" PRIu64
	       " approvals acted upon, %" PRIu64 " notices, %" PRIu64
	       " orders\nok the_invariants_hold\n",
			options.seeds, totals.events, totals.crashes, totals.acks, totals.calls,
			totals.effects, totals.approved, totals.notices, totals.orders);
	db_close(db);
	for (size_t i = 0; i < 2 * VARIANTS; i++) {
		config_free(both[i % 2][i / 2].config);
	}
	for (const char *const *name = (const char *const[]){ "sim.db", "sim.db-wal", "sim.db-shm",
			     NULL };
			*name; name++) {
		unlink(*name);
	}
	rmdir(folder);
	return 0;
}
