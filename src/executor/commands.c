/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "executor/shim.h"
#include "sys/spawn.h"
#include "wire/ending.h"

#define DETAIL_MAX 512

struct command {
	uint64_t id;     /* of the probe */
	uint64_t number; /* of its cgroup: a core that is started anew begins its ids anew */
	pid_t pid;       /* of the shim; 0: this place is free */
	int cancel;      /* our end of the shim's SHIM_CANCEL; -1: it was asked to end */
	int status;      /* memory, as is the next */
	int output;
	bool dropped; /* nobody waits for it */
};

struct commands {
	struct step_cgroups *cgroups;
	attempts_send_fn send;
	void *arg;
	char home[256];
	uint64_t started;
	struct command items[COMMANDS_MAX];
};

struct commands *commands_new(struct step_cgroups *cgroups, attempts_send_fn send, void *arg)
{
	struct commands *commands = xcalloc(1, sizeof(*commands));

	commands->cgroups = cgroups;
	commands->send = send;
	commands->arg = arg;
	spawn_own_home(commands->home, sizeof(commands->home));
	step_cgroups_end_checks(cgroups);
	return commands;
}

/* The shim sees the end of the socket, and ends all of it. */
static void cancel(struct command *command)
{
	if (command->cancel >= 0) {
		close(command->cancel);
		command->cancel = -1;
	}
}

void commands_drop(struct commands *commands)
{
	for (size_t i = 0; i < COMMANDS_MAX; i++) {
		if (commands->items[i].pid) {
			commands->items[i].dropped = true;
			cancel(&commands->items[i]);
		}
	}
}

static void release(struct command *command)
{
	cancel(command);
	close(command->status);
	close(command->output);
	command->pid = 0;
}

void commands_free(struct commands *commands)
{
	for (size_t i = 0; commands && i < COMMANDS_MAX; i++) {
		if (commands->items[i].pid) {
			release(&commands->items[i]);
		}
	}
	free(commands);
}

static struct command *find_free(struct commands *commands)
{
	for (size_t i = 0; i < COMMANDS_MAX; i++) {
		if (!commands->items[i].pid) {
			return &commands->items[i];
		}
	}
	return NULL;
}

static void report(struct commands *commands, uint64_t id, enum probe_verdict verdict,
		const char *detail)
{
	commands->send(commands->arg, MSG_PROBED,
			&(struct msg_probed){
					.id = id, .verdict = (uint8_t)verdict, .detail = detail });
}

/* --- start --- */

/* Two sockets to the shim: the word go is there already, and the end of the other ends it. */
static int open_sockets(struct command *command, int *fds)
{
	int go[2];
	int end[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, end) < 0) {
		return -1;
	}
	command->cancel = end[0];
	fds[SHIM_CANCEL] = end[1];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, go) < 0) {
		return -1;
	}
	fds[SHIM_HANDSHAKE] = go[1];

	ssize_t n = write(go[0], "g", 1);

	close(go[0]);
	return n == 1 ? 0 : -1;
}

static int open_files(struct command *command, int *fds, struct err *err)
{
	command->status = memfd_create("status", MFD_CLOEXEC);
	command->output = memfd_create("output", MFD_CLOEXEC);
	fds[SHIM_STDIN] = open("/dev/null", O_RDWR | O_CLOEXEC);
	fds[SHIM_NULL_OUT] = fcntl(fds[SHIM_STDIN], F_DUPFD_CLOEXEC, 3);
	fds[SHIM_NULL_ERR] = fcntl(fds[SHIM_STDIN], F_DUPFD_CLOEXEC, 3);
	fds[SHIM_DIR] = fcntl(fds[SHIM_STDIN], F_DUPFD_CLOEXEC, 3);
	fds[SHIM_LOCK] = fcntl(fds[SHIM_STDIN], F_DUPFD_CLOEXEC, 3);
	fds[SHIM_STATUS] = fcntl(command->status, F_DUPFD_CLOEXEC, 3);
	fds[SHIM_OUTPUT] = fcntl(command->output, F_DUPFD_CLOEXEC, 3);
	if (open_sockets(command, fds) < 0) {
		return err_set(err, ERR_IO, "make a check's sockets: %s", strerror(errno));
	}
	for (int i = 0; i < SHIM_FDS; i++) {
		if (fds[i] < 0) {
			return err_set(err, ERR_IO, "open a check's files: %s", strerror(errno));
		}
	}
	return 0;
}

static pid_t fork_shim(const struct commands *commands, const int *fds, uint64_t number,
		const struct permit *permit, struct err *err)
{
	char cgroup[CGROUP_NAME_MAX];
	struct shim shim = { .argv = &permit->argv,
		.env = &permit->env,
		.cwd = permit->cwd,
		.home = commands->home,
		.timeout_ms = permit->timeout_ms,
		.forget = true,
		.cgroups = &commands->cgroups->trees,
		.cgroup = step_cgroups_check_name(commands->cgroups, number, cgroup) };

	memcpy(shim.fds, fds, sizeof(shim.fds));

	pid_t pid = fork();

	if (pid == 0) {
		shim_run(&shim);
	}
	if (pid < 0) {
		err_set(err, ERR_BUSY, "fork: %s", strerror(errno));
	}
	return pid;
}

static int launch(struct commands *commands, struct command *command, uint64_t id,
		const struct permit *permit, struct err *err)
{
	struct command new = {
		.id = id, .number = ++commands->started, .cancel = -1, .status = -1, .output = -1
	};
	int fds[SHIM_FDS];

	memset(fds, -1, sizeof(fds));
	if (open_files(&new, fds, err) == 0) {
		new.pid = fork_shim(commands, fds, new.number, permit, err);
	}
	for (int i = 0; i < SHIM_FDS; i++) {
		if (fds[i] >= 0) {
			close(fds[i]);
		}
	}
	if (new.pid <= 0) {
		release(&new);
		return -1;
	}
	*command = new;
	return 0;
}

void commands_start(struct commands *commands, const struct config_versions *versions,
		const struct msg_probe_command *probe)
{
	struct command *command = find_free(commands);
	struct permit permit = { 0 };
	struct err err;
	int rc = -1;

	if (!command) {
		err_set(&err, ERR_BUSY, "%d checks are already running", COMMANDS_MAX);
	} else if (permit_check(versions, probe, &permit, &err) == 0) {
		rc = launch(commands, command, probe->id, &permit, &err);
	}
	if (rc < 0) {
		log_warn("check refused", LOG_STR("check", probe->check),
				LOG_STR("error", err.msg));
		report(commands, probe->id, VERDICT_UNKNOWN, err.msg);
	}
	permit_clear(&permit);
}

/* --- end --- */

static void read_memory(int fd, size_t max, struct buf *out)
{
	unsigned char chunk[16 * 1024];
	ssize_t n;

	while (out->len < max && (n = pread(fd, chunk, sizeof(chunk), (off_t)out->len)) > 0) {
		buf_add(out, chunk, (size_t)n);
	}
}

/* Add the last line of what it wrote. */
static void add_line(const struct command *command, uint64_t total, char *detail)
{
	struct attempt_output output = { 0 };
	auto_buf struct buf kept = { 0 };
	char line[ENDING_LINE_MAX];
	size_t len = strlen(detail);

	read_memory(command->output, OUTPUT_HEAD + OUTPUT_TAIL, &kept);
	attempt_output_unroll(&kept, total, &output);
	ending_last_line(&output, line);
	buf_clear(&output.head);
	buf_clear(&output.tail);
	if (*line) {
		snprintf(detail + len, DETAIL_MAX - len, ": %s", line);
	}
}

static void report_end(struct commands *commands, const struct command *command)
{
	auto_buf struct buf text = { 0 };
	char detail[DETAIL_MAX] = "its shim was killed";
	enum probe_verdict verdict = VERDICT_UNKNOWN;
	struct attempt_status status;
	struct err err;

	read_memory(command->status, ATTEMPT_STATUS_MAX, &text);
	if (attempt_status_parse(buf_text(&text), text.len, &status, &err) == 0) {
		bool passed = status.result == ATTEMPT_EXITED && status.exit_code == 0;

		ending_words(&status, detail, sizeof(detail));
		if (!passed) {
			add_line(command, status.output_bytes, detail);
		}
		if (status.result != ATTEMPT_NOT_STARTED && status.result != ATTEMPT_CANCELED) {
			verdict = passed ? VERDICT_HEALTHY : VERDICT_FAILING;
		}
	}
	report(commands, command->id, verdict, detail);
}

/* A shim that was killed leaves its cgroup, which is ended here. */
static void end_cgroup(struct commands *commands, const struct command *command)
{
	char cgroup[CGROUP_NAME_MAX];

	step_cgroups_check_name(commands->cgroups, command->number, cgroup);
	cgroup_kill(&commands->cgroups->trees, cgroup);
	cgroup_remove(&commands->cgroups->trees, cgroup);
}

bool commands_reap(struct commands *commands)
{
	bool leftovers = false;

	for (size_t i = 0; i < COMMANDS_MAX; i++) {
		struct command *command = &commands->items[i];
		int status;

		if (!command->pid || waitpid(command->pid, &status, WNOHANG) != command->pid) {
			continue;
		}
		if (WIFSIGNALED(status)) {
			leftovers |= !commands->cgroups->trees.len;
			end_cgroup(commands, command);
		}
		if (!command->dropped) {
			report_end(commands, command);
		}
		release(command);
	}
	return leftovers;
}

bool commands_have(const struct commands *commands, pid_t pid)
{
	for (size_t i = 0; i < COMMANDS_MAX; i++) {
		if (commands->items[i].pid == pid) {
			return true;
		}
	}
	return false;
}
