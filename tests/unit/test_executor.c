/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The real executor with roles that this same program plays: executed as "playbookd --role=core" it
 * is a core that may lie, die or babble. What it sees goes, a line each, into the FIFO "data/seen".
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "config/load.h"
#include "executor/attempts.h"
#include "executor/executor.h"
#include "executor/roles.h"
#include "executor/storage.h"
#include "test.h"
#include "wire/attempt.h"
#include "wire/message.h"

int flock(int fd, int operation);

static const char config_text[] =
		"playbooks:\n"
		"  - name: work\n"
		"    matchers: ['alertname=\"Down\"']\n"
		"    params:\n"
		"      service: { from: labels.service, pattern: \"argus|hermes\" }\n"
		"    steps:\n"
		"      - { name: say, run: [echo, \"${service}\"], stdin: alert }\n"
		"      - { name: wait for the word, script: 'read line < \"$FIFO\"; exit 6',\n"
		"          env: { FIFO: \"DIR/word\" } }\n"
		"      - { name: pause, wait: 1s }\n";

/* The fake core. */

struct frame {
	uint32_t len;
	uint16_t type;
	uint16_t zero;
};

struct fake {
	struct arena *arena;
	int seen;
	char storage[PATH_MAX];
	uint8_t hash[DIGEST_SIZE];
	uint64_t core_restarts;
	bool config_ok;
};

__attribute__((format(printf, 2, 3))) static void say(struct fake *fake, const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line) - 1, fmt, ap);
	va_end(ap);
	strcat(line, "\n");
	must(write(fake->seen, line, strlen(line)) == (ssize_t)strlen(line));
}

static void read_all(void *data, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = read(ROLES_CONTROL_FD, (char *)data + done, len - done);

		if (n <= 0) {
			_exit(0);
		}
		done += (size_t)n;
	}
}

/* The next message; ends the process when the executor is gone. */
static uint16_t receive(struct fake *fake, void **ret_msg)
{
	struct frame frame;
	struct err err;

	read_all(&frame, sizeof(frame));
	must(frame.type < MSG_IDS && message_types[frame.type]);

	unsigned char *payload = arena_alloc(fake->arena, frame.len + 1);

	read_all(payload, frame.len);
	*ret_msg = arena_alloc(fake->arena, message_types[frame.type]->size);
	must_ok(wire_decode(message_types[frame.type], payload, frame.len, fake->arena, *ret_msg,
				&err),
			err);
	return frame.type;
}

static void note_roles(struct fake *fake, const struct msg_roles *roles)
{
	fake->config_ok = roles->config_ok;
	for (size_t i = 0; i < roles->roles_len; i++) {
		if (roles->roles[i].role == ROLE_CORE) {
			fake->core_restarts = roles->roles[i].restarts;
		}
	}
}

static void note_config(struct fake *fake, const struct msg_config *msg)
{
	struct config_files files = { .items = msg->files, .len = msg->files_len };
	struct buf report = { 0 };
	struct err err;
	struct config *config = load_config(&files, &report, &err);

	must(config);
	memcpy(fake->hash, config->hash, DIGEST_SIZE);
	config_free(config);
	buf_clear(&report);
}

/* Wait for a message of this type; others on the way are noted. */
static void *expect(struct fake *fake, uint16_t want)
{
	for (;;) {
		void *msg;
		uint16_t type = receive(fake, &msg);

		if (type == MSG_ROLES) {
			note_roles(fake, msg);
		} else if (type == MSG_CONFIG) {
			note_config(fake, msg);
		} else if (type == MSG_REFUSED && want != MSG_REFUSED) {
			say(fake, "refused: %s", ((struct msg_refused *)msg)->reason);
		}
		if (type == want) {
			return msg;
		}
	}
}

static void transmit(enum message_id id, const void *msg)
{
	struct buf out = { 0 };

	wire_encode(message_types[id], msg, &out);

	struct frame frame = { (uint32_t)out.len, (uint16_t)id, 0 };

	must(write(ROLES_CONTROL_FD, &frame, sizeof(frame)) == sizeof(frame));
	must(write(ROLES_CONTROL_FD, out.data, out.len) == (ssize_t)out.len);
	buf_clear(&out);
}

static void start(struct fake *fake, uint64_t run, uint32_t step, const char *service)
{
	struct label param = { "service", service };
	struct msg_start msg = { .id = { run, step, 1 },
		.playbook = "work",
		.params = { &param, 1 },
		.trigger = "alert",
		.alertname = "Down",
		.status = "firing",
		.alert = { (const unsigned char *)"{}", 2 } };

	memcpy(msg.config_hash, fake->hash, DIGEST_SIZE);
	transmit(MSG_START, &msg);
}

static void go(uint64_t run, uint32_t step)
{
	transmit(MSG_GO, &(struct msg_go){ .id = { run, step, 1 } });
}

static void say_refused(struct fake *fake)
{
	static const char *const words[REFUSALS] = { "never", "later", "config" };
	const struct msg_refused *msg = expect(fake, MSG_REFUSED);

	say(fake, "refused %s: %s", words[msg->why], msg->reason);
}

static void say_state(struct fake *fake, uint64_t run, uint32_t step)
{
	static const char *const words[] = { "absent", "alive", "ended", "vanished" };
	struct attempt_id id = { run, step, 1 };
	enum attempt_state state;
	struct attempt_status status = { 0 };
	struct err err;
	int fd = open(fake->storage, O_RDONLY | O_DIRECTORY);

	must_ok(attempt_look(fd, &id, &state, &status, &err), err);
	close(fd);
	if (state == ATTEMPT_ENDED) {
		say(fake, "ended: %s %d", attempt_result_names[status.result], status.exit_code);
	} else {
		say(fake, "%s", words[state]);
	}
}

/* Blocks until nobody holds the attempt's lock. */
static void await_lock(struct fake *fake, uint64_t run, uint32_t step)
{
	char path[PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s/runs/%" PRIu64 "/%" PRIu32 ".1/lock", fake->storage, run,
			step);

	int fd = open(path, O_RDONLY);

	must(fd >= 0 && flock(fd, LOCK_SH) == 0);
	close(fd);
}

static void play_runs(struct fake *fake)
{
	const struct msg_started *started;

	start(fake, 1, 0, "argus");
	started = expect(fake, MSG_STARTED);
	say(fake, "started %d",
			started->pid > 0 && started->pid_started > 0 &&
					strlen(started->boot_id) == 36);
	say_state(fake, 1, 0);
	go(1, 0);
	expect(fake, MSG_ENDED);
	say_state(fake, 1, 0);
}

static void play_replays(struct fake *fake)
{
	play_runs(fake);
	start(fake, 1, 0, "argus");
	say_refused(fake);
	go(1, 0);
	expect(fake, MSG_ENDED);
	go(99, 0);
	expect(fake, MSG_ENDED);
	say_state(fake, 99, 0);
}

static void play_invents(struct fake *fake)
{
	start(fake, 1, 0, "argus; id");
	say_refused(fake);
	start(fake, 1, 2, "argus");
	say_refused(fake);
	start(fake, 1, 7, "argus");
	say_refused(fake);
	fake->hash[0] ^= 1;
	start(fake, 1, 0, "argus");
	say_refused(fake);
	say_state(fake, 1, 0);
}

static void play_babbles(struct fake *fake)
{
	struct frame frame = { 3, MSG_START, 0 };

	if (fake->core_restarts == 0) {
		must(write(ROLES_CONTROL_FD, &frame, sizeof(frame)) == sizeof(frame));
		must(write(ROLES_CONTROL_FD, "xyz", 3) == 3);
		pause();
	}
	say(fake, "life %" PRIu64, fake->core_restarts + 1);
}

/* Says what only the executor may say. */
static void play_usurps(struct fake *fake)
{
	if (fake->core_restarts == 0) {
		transmit(MSG_ENDED, &(struct msg_ended){ .id = { 1, 0, 1 } });
		pause();
	}
	say(fake, "life %" PRIu64, fake->core_restarts + 1);
}

static void play_dies_before_go(struct fake *fake)
{
	if (fake->core_restarts == 0) {
		start(fake, 1, 0, "argus");
		expect(fake, MSG_STARTED);
		_exit(9);
	}
	await_lock(fake, 1, 0);
	say_state(fake, 1, 0);
}

static void play_floods(struct fake *fake)
{
	int started = 0;

	for (uint64_t run = 1; run <= ATTEMPTS_MAX + 1; run++) {
		start(fake, run, 0, "argus");
	}
	say_refused(fake);
	while (started < ATTEMPTS_MAX) {
		expect(fake, MSG_STARTED);
		started++;
	}
	say(fake, "started %d", started);
	say_state(fake, ATTEMPTS_MAX + 1, 0);
	go(1, 0);
	expect(fake, MSG_ENDED);
	start(fake, ATTEMPTS_MAX + 1, 0, "argus");
	expect(fake, MSG_STARTED);
	say(fake, "started one more");
}

static void play_finds_no_room(struct fake *fake)
{
	start(fake, 1, 0, "argus");
	say_refused(fake);
	say_state(fake, 1, 0);
}

static void play_leaves_a_step_running(struct fake *fake)
{
	start(fake, 1, 1, "argus");
	expect(fake, MSG_STARTED);
	go(1, 1);
	say(fake, "going");
}

static void cancel(uint64_t run, uint32_t step)
{
	transmit(MSG_CANCEL, &(struct msg_cancel){ .id = { run, step, 1 } });
}

static void play_cancels(struct fake *fake)
{
	start(fake, 1, 0, "argus");
	expect(fake, MSG_STARTED);
	cancel(1, 0);
	expect(fake, MSG_ENDED);
	say_state(fake, 1, 0);
	start(fake, 2, 1, "argus");
	expect(fake, MSG_STARTED);
	go(2, 1);
	cancel(2, 1);
	expect(fake, MSG_ENDED);
	say_state(fake, 2, 1);
	cancel(2, 1);
	expect(fake, MSG_ENDED);
	cancel(99, 0);
	expect(fake, MSG_ENDED);
	say_state(fake, 99, 0);
}

static void play_watches_the_configuration(struct fake *fake)
{
	say(fake, "ok %d", fake->config_ok);
	for (;;) {
		expect(fake, MSG_ROLES);
		say(fake, "ok %d", fake->config_ok);
	}
}

static const struct scenario {
	const char *name;
	void (*play)(struct fake *fake);
} scenarios[] = {
	{ "runs", play_runs },
	{ "replays", play_replays },
	{ "invents", play_invents },
	{ "babbles", play_babbles },
	{ "usurps", play_usurps },
	{ "dies before go", play_dies_before_go },
	{ "floods", play_floods },
	{ "finds no room", play_finds_no_room },
	{ "cancels", play_cancels },
	{ "leaves a step running", play_leaves_a_step_running },
	{ "watches the configuration", play_watches_the_configuration },
};

static void find_and_play(struct fake *fake)
{
	char path[PATH_MAX + 16];
	char name[64] = "";

	snprintf(path, sizeof(path), "%s/scenario", fake->storage);

	int fd = open(path, O_RDONLY);

	must(fd >= 0 && read(fd, name, sizeof(name) - 1) > 0);
	close(fd);
	snprintf(path, sizeof(path), "%s/seen", fake->storage);
	fake->seen = open(path, O_WRONLY);
	must(fake->seen >= 0);
	for (size_t i = 0; i < sizeof(scenarios) / sizeof(*scenarios); i++) {
		if (strcmp(scenarios[i].name, name) == 0) {
			scenarios[i].play(fake);
		}
	}
}

static void play_role(const char *role)
{
	struct fake fake = { .arena = arena_new() };
	void *msg;

	must(fcntl(ROLES_CONTROL_FD, F_SETFL, 0) == 0);
	must(environ[0] == NULL);
	must(receive(&fake, &msg) == MSG_SETUP);

	const struct msg_setup *setup = msg;
	bool is_front = strcmp(role, "front") == 0;

	snprintf(fake.storage, sizeof(fake.storage), "%s", setup->storage_path);
	must(strlen(setup->operator_token) == (is_front ? 64 : 0));
	if (strcmp(role, "core") == 0) {
		must(fcntl(STORAGE_LOCK_FD, F_GETFD) >= 0);
		must(fcntl(STORAGE_LOCK_FD + 1, F_GETFD) < 0);
		expect(&fake, MSG_CONFIG);
		expect(&fake, MSG_ROLES);
		find_and_play(&fake);
	}
	for (;;) {
		receive(&fake, &msg);
	}
}

/* glibc hands constructors the arguments; a role never gets to the tests. */
__attribute__((constructor)) static void maybe_play(int argc, char **argv)
{
	if (argc > 1 && strncmp(argv[1], "--role=", 7) == 0) {
		play_role(argv[1] + 7);
		_exit(0);
	}
}

/* The tests' side. */

static rlim_t file_max = RLIM_INFINITY; /* how long a file may be for the executor */

struct daemon {
	pid_t pid;
	FILE *seen;
};

static void must_write(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	must(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void must_write_config(void)
{
	const char *dir = strstr(config_text, "DIR");
	char *text = NULL;

	must(asprintf(&text, "%.*s%s%s", (int)(dir - config_text), config_text, test_dir(),
			     dir + 3) > 0);
	must_write("playbookd.yml", text);
	must(chmod("playbookd.yml", 0600) == 0);
	free(text);
}

static int run_executor(const char *address)
{
	char storage[PATH_MAX], config[PATH_MAX];
	struct strv listen = { 0 };

	strv_add(&listen, address);
	snprintf(storage, sizeof(storage), "%s/data", test_dir());
	snprintf(config, sizeof(config), "%s/playbookd.yml", test_dir());
	log_setup(LOG_DEBUG, LOG_LOGFMT, "executor");

	int status = executor_main(&(struct executor_options){ .program = "/proc/self/exe",
			.config_path = config,
			.storage_path = storage,
			.listen = &listen,
			.external_url = "",
			.log_level = "debug",
			.log_format = "logfmt" });

	strv_clear(&listen);
	return status;
}

/* Standard error goes to the file "log". */
static pid_t must_fork_executor(const char *address)
{
	fflush(stdout);

	alarm(20); /* none of these tests takes so long */

	pid_t pid = fork();

	must(pid >= 0);
	if (pid == 0) {
		int log = open("log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setrlimit(RLIMIT_FSIZE, &(struct rlimit){ file_max, file_max });
		dup2(log, STDERR_FILENO);
		_exit(run_executor(address));
	}
	return pid;
}

static struct daemon must_start(const char *scenario)
{
	struct daemon daemon;

	must_write_config();
	must(mkdir("data", 0700) == 0);
	must_write("data/scenario", scenario);
	must(mkfifo("data/seen", 0600) == 0);
	daemon.seen = fdopen(open("data/seen", O_RDWR | O_CLOEXEC), "r");
	must(daemon.seen);
	daemon.pid = must_fork_executor("127.0.0.1:0");
	return daemon;
}

static void ck_sees(struct daemon *daemon, const char *want)
{
	char line[1024];

	must(fgets(line, sizeof(line), daemon->seen));
	line[strcspn(line, "\n")] = '\0';
	ck_str(line, want);
}

static int must_wait(pid_t pid)
{
	int status;

	must(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void must_stop(struct daemon *daemon)
{
	kill(daemon->pid, SIGTERM);
	ck_int(must_wait(daemon->pid), 0);
	fclose(daemon->seen);
}

static void ck_log_has(const char *part)
{
	char text[65536] = "";
	int fd = open("log", O_RDONLY | O_CLOEXEC);

	must(fd >= 0 && read(fd, text, sizeof(text) - 1) >= 0);
	close(fd);
	ck_has(text, part);
}

TEST(step_runs_after_go_and_not_before)
{
	struct daemon daemon = must_start("runs");

	ck_sees(&daemon, "started 1");
	ck_sees(&daemon, "alive");
	ck_sees(&daemon, "ended: exited 0");
	must_stop(&daemon);
}

TEST(attempt_is_started_at_most_once)
{
	struct daemon daemon = must_start("replays");

	ck_sees(&daemon, "started 1");
	ck_sees(&daemon, "alive");
	ck_sees(&daemon, "ended: exited 0");
	ck_sees(&daemon, "refused never: this attempt was started before");
	ck_sees(&daemon, "absent");
	must_stop(&daemon);
}

TEST(nothing_outside_the_configuration_is_executed)
{
	struct daemon daemon = must_start("invents");
	char line[1024];

	must(fgets(line, sizeof(line), daemon.seen));
	ck_has(line, "refused never: playbook 'work', step 0: ");
	ck_sees(&daemon,
			"refused never: playbook 'work', step 2: it is not a kind of step that is executed");
	ck_sees(&daemon, "refused never: playbook 'work' has no step 7");
	ck_sees(&daemon, "refused config: the executor does not know this configuration");
	ck_sees(&daemon, "absent");
	ck(rmdir("data/runs") == 0);
	must_stop(&daemon);
}

TEST(core_that_breaks_the_protocol_is_replaced)
{
	struct daemon daemon = must_start("babbles");

	ck_sees(&daemon, "life 2");
	ck_log_has("broke the protocol");
	must_stop(&daemon);
}

TEST(core_that_speaks_for_the_executor_is_replaced)
{
	struct daemon daemon = must_start("usurps");

	ck_sees(&daemon, "life 2");
	ck_log_has("broke the protocol");
	must_stop(&daemon);
}

TEST(step_without_go_does_not_run_when_the_core_dies)
{
	struct daemon daemon = must_start("dies before go");

	ck_sees(&daemon, "ended: not_started 0");
	ck_log_has("status=9");
	must_stop(&daemon);
}

TEST(limit_of_shims_holds_and_frees_itself)
{
	struct daemon daemon = must_start("floods");

	ck_sees(&daemon, "refused later: 64 steps are already running");
	ck_sees(&daemon, "started 64");
	ck_sees(&daemon, "absent");
	ck_sees(&daemon, "started one more");
	must_stop(&daemon);
}

/* No file may grow to the size of a status: what was made for the attempt is removed again. */
TEST(attempt_without_room_for_its_status_is_refused_and_leaves_nothing)
{
	struct daemon daemon;

	file_max = ATTEMPT_STATUS_MAX - 1;
	daemon = must_start("finds no room");
	ck_sees(&daemon, "refused later: no room for the status: File too large");
	ck_sees(&daemon, "absent");
	must_stop(&daemon);
}

TEST(canceled_attempt_ends_or_never_runs)
{
	struct daemon daemon;

	must(mkfifo("word", 0600) == 0);
	daemon = must_start("cancels");
	ck_sees(&daemon, "ended: not_started 0");
	ck_sees(&daemon, "ended: canceled 0");
	ck_sees(&daemon, "absent");
	must_stop(&daemon);
}

/* Any later executor can do it, since the shim listens at its folder. */
TEST(running_step_of_a_stopped_daemon_can_be_canceled)
{
	struct daemon daemon;
	struct fake fake = { 0 };
	struct attempt_id id = { 1, 1, 1 };
	struct attempt_status status;
	enum attempt_state state;
	struct err err;

	must(mkfifo("word", 0600) == 0);
	daemon = must_start("leaves a step running");
	ck_sees(&daemon, "going");
	must_stop(&daemon);
	snprintf(fake.storage, sizeof(fake.storage), "%s/data", test_dir());

	int storage = open("data", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ck(attempt_cancel(storage, &id));
	await_lock(&fake, 1, 1);
	must_ok(attempt_look(storage, &id, &state, &status, &err), err);
	ck_int(state, ATTEMPT_ENDED);
	ck_str(attempt_result_names[status.result], "canceled");
	ck(!attempt_cancel(storage, &id));
	close(storage);
}

TEST(running_step_outlives_the_daemon)
{
	struct daemon daemon;
	struct fake fake = { 0 };
	struct attempt_id id = { 1, 1, 1 };
	struct attempt_status status;
	enum attempt_state state;
	struct err err;

	must(mkfifo("word", 0600) == 0);
	daemon = must_start("leaves a step running");
	ck_sees(&daemon, "going");
	must_stop(&daemon);
	snprintf(fake.storage, sizeof(fake.storage), "%s/data", test_dir());

	int storage = open("data", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	must_ok(attempt_look(storage, &id, &state, &status, &err), err);
	ck_int(state, ATTEMPT_ALIVE);
	must_write("word", "go on\n");
	await_lock(&fake, 1, 1);
	must_ok(attempt_look(storage, &id, &state, &status, &err), err);
	ck_int(state, ATTEMPT_ENDED);
	ck_int(status.exit_code, 6);
	close(storage);
}

TEST(bad_configuration_leaves_the_old_one_in_force)
{
	struct daemon daemon = must_start("watches the configuration");

	ck_sees(&daemon, "ok 1");
	must_write("playbookd.yml", "playbooks: 7\n");
	kill(daemon.pid, SIGHUP);
	while (!feof(daemon.seen)) {
		char line[64];

		must(fgets(line, sizeof(line), daemon.seen));
		if (strcmp(line, "ok 0\n") == 0) {
			break;
		}
	}
	must_write_config();
	kill(daemon.pid, SIGHUP);
	ck_sees(&daemon, "ok 1");
	ck_log_has("playbookd.yml:1:12: error: ");
	must_stop(&daemon);
}

TEST(second_daemon_on_one_storage_is_refused)
{
	struct daemon daemon = must_start("runs");
	char want[64];

	ck_sees(&daemon, "started 1");
	ck_int(must_wait(must_fork_executor("127.0.0.1:0")), 4);
	snprintf(want, sizeof(want), "in use by another playbookd (pid %d)", daemon.pid);
	ck_log_has(want);
	ck_sees(&daemon, "alive");
	ck_sees(&daemon, "ended: exited 0");
	must_stop(&daemon);
}

TEST(storage_that_others_can_write_is_refused)
{
	must_write_config();
	must(mkdir("data", 0700) == 0 && chmod("data", 0770) == 0);
	ck_int(must_wait(must_fork_executor("127.0.0.1:0")), 1);
	ck_log_has("is writable by group or others");
}

TEST(address_for_all_the_world_is_refused)
{
	must_write_config();
	ck_int(must_wait(must_fork_executor("0.0.0.0:0")), 1);
	ck_log_has("listen 0.0.0.0:0: it is not a loopback address");
	ck_int(must_wait(must_fork_executor(":9098")), 1);
	ck_log_has("listen :9098: it is not a loopback address");
}

TEST(bad_configuration_at_start_is_reported_and_ends_it)
{
	must_write("playbookd.yml", "playbooks: 7\n");
	must(chmod("playbookd.yml", 0600) == 0);
	ck_int(must_wait(must_fork_executor("127.0.0.1:0")), 1);
	ck_log_has("playbookd.yml:1:12: error: ");
	ck(access("data", F_OK) < 0);
}
