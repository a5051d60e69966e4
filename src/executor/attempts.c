/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/attempts.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/mem.h"
#include "executor/shim.h"
#include "executor/step_cgroups.h"
#include "sys/file.h"
#include "sys/spawn.h"
#include "wire/attempt.h"

#define PROC_STAT_MAX 4096

struct attempt {
	struct attempts *owner;
	struct attempt_id id;
	pid_t pid;                /* of the shim; 0: this place is free */
	int handshake;            /* -1 after GO, or when GO can no longer come */
	bool reported;            /* STARTED was sent */
	struct loop_watch *watch; /* of the handshake, until the shim is ready */
};

struct attempts {
	struct loop *loop;
	int storage_fd;
	attempts_send_fn send;
	void *arg;
	bool stopping;
	char boot_id[64];
	char home[256];
	struct step_cgroups cgroups;
	struct attempt items[ATTEMPTS_MAX];
};

/* What an attempt needs on disk, open. */
struct folder {
	char dir[ATTEMPT_DIR_TEXT_MAX];
	int fds[SHIM_FDS];
	int handshake; /* our end */
};

static const char *const folder_files[] = { "lock", "output", "stdin", "cancel", SHIM_STATUS_TMP };

static void read_boot_id(char *ret, size_t size)
{
	auto_buf struct buf text = { 0 };
	struct err err;

	if (file_read(AT_FDCWD, "/proc/sys/kernel/random/boot_id", size - 1, &text, &err) == 0) {
		snprintf(ret, size, "%.*s", (int)strcspn(buf_text(&text), "\n"), buf_text(&text));
	}
}

struct attempts *attempts_new(struct loop *loop, int storage_fd, attempts_send_fn send, void *arg,
		struct err *err)
{
	auto_fd int runs = file_open_dir(storage_fd, "runs", err);

	if (runs < 0) {
		return NULL;
	}

	struct attempts *attempts = xcalloc(1, sizeof(*attempts));

	attempts->loop = loop;
	attempts->storage_fd = storage_fd;
	attempts->send = send;
	attempts->arg = arg;
	read_boot_id(attempts->boot_id, sizeof(attempts->boot_id));
	spawn_own_home(attempts->home, sizeof(attempts->home));
	step_cgroups_init(&attempts->cgroups, storage_fd);
	step_cgroups_sweep(&attempts->cgroups);
	return attempts;
}

/* Without GO the shim then ends by itself. */
static void close_handshake(struct attempt *attempt)
{
	loop_remove(attempt->watch);
	attempt->watch = NULL;
	if (attempt->handshake >= 0) {
		close(attempt->handshake);
		attempt->handshake = -1;
	}
}

void attempts_core_gone(struct attempts *attempts)
{
	for (size_t i = 0; i < ATTEMPTS_MAX; i++) {
		if (attempts->items[i].pid) {
			close_handshake(&attempts->items[i]);
		}
	}
}

void attempts_free(struct attempts *attempts)
{
	if (attempts) {
		attempts_core_gone(attempts);
		free(attempts);
	}
}

void attempts_stop(struct attempts *attempts)
{
	attempts->stopping = true;
}

size_t attempts_count(const struct attempts *attempts)
{
	size_t count = 0;

	for (size_t i = 0; i < ATTEMPTS_MAX; i++) {
		count += attempts->items[i].pid != 0;
	}
	return count;
}

static struct attempt *find(struct attempts *attempts, const struct attempt_id *id)
{
	for (size_t i = 0; i < ATTEMPTS_MAX; i++) {
		const struct attempt_id *other = &attempts->items[i].id;

		if (attempts->items[i].pid && other->run == id->run && other->step == id->step &&
				other->attempt == id->attempt) {
			return &attempts->items[i];
		}
	}
	return NULL;
}

static struct attempt *find_free(struct attempts *attempts)
{
	for (size_t i = 0; i < ATTEMPTS_MAX; i++) {
		if (!attempts->items[i].pid) {
			return &attempts->items[i];
		}
	}
	return NULL;
}

/* Field 22 of /proc/PID/stat: the start time, which together with the boot id makes a pid unique.
 * The name in field 2 may contain anything, so count from its last bracket. */
static int64_t process_started(pid_t pid)
{
	auto_buf struct buf text = { 0 };
	struct err err;
	char path[32];
	unsigned long long started = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (file_read(AT_FDCWD, path, PROC_STAT_MAX, &text, &err) < 0) {
		return 0;
	}

	const char *at = strrchr(buf_text(&text), ')');

	for (int field = 2; at && field < 22; field++) {
		at = strchr(at + 1, ' ');
	}
	return at && sscanf(at, "%llu", &started) == 1 ? (int64_t)started : 0;
}

/* The shim is ready, or it is gone (then reaping it reports that). */
static void on_handshake(void *arg, uint32_t events)
{
	struct attempt *attempt = arg;
	struct attempts *attempts = attempt->owner;
	char byte;

	(void)events;
	if (recv(attempt->handshake, &byte, 1, MSG_DONTWAIT) != 1) {
		close_handshake(attempt);
		return;
	}
	loop_remove(attempt->watch);
	attempt->watch = NULL;
	attempt->reported = true;
	attempts->send(attempts->arg, MSG_STARTED,
			&(struct msg_started){ .id = attempt->id,
					.pid = attempt->pid,
					.pid_started = process_started(attempt->pid),
					.boot_id = attempts->boot_id });
}

static int create(int dir_fd, const char *name, mode_t mode)
{
	return openat(dir_fd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
}

/* runs/RUN/STEP.ATTEMPT. Only the last is new, and must be. */
static int make_folder(int storage_fd, const char *dir, struct err *err)
{
	char parent[ATTEMPT_DIR_TEXT_MAX];
	const char *slash = strrchr(dir, '/');

	snprintf(parent, sizeof(parent), "%.*s", (int)(slash - dir), dir);

	auto_fd int parent_fd = file_open_dir(storage_fd, parent, err);

	if (parent_fd < 0) {
		return -1;
	}
	if (mkdirat(parent_fd, slash + 1, 0700) < 0) {
		if (errno == EEXIST) {
			return err_set(err, ERR_CONFLICT, "this attempt was started before");
		}
		return err_set(err, ERR_IO, "make '%s': %s", dir, strerror(errno));
	}
	return 0;
}

/* Readable for the step's user through /dev/stdin; the folders above are closed to others. */
static int open_stdin(int dir_fd, const struct bytes *alert, struct err *err)
{
	auto_fd int fd = create(dir_fd, "stdin", 0600);

	if (fd < 0 || fchmod(fd, 0444) < 0) {
		return err_set(err, ERR_IO, "create 'stdin': %s", strerror(errno));
	}
	for (size_t done = 0; done < alert->len;) {
		ssize_t n = write(fd, alert->data + done, alert->len - done);

		if (n <= 0) {
			return err_set(err, ERR_IO, "write 'stdin': %s", strerror(errno));
		}
		done += (size_t)n;
	}
	return openat(dir_fd, "stdin", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
}

/* We hold both of its ends, so that whoever opens it later always finds a reader. */
static int open_cancel(int dir_fd)
{
	return mkfifoat(dir_fd, "cancel", 0600) < 0
			       ? -1
			       : openat(dir_fd, "cancel",
						 O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
}

/* Everything that can fail for want of room or descriptors fails here, before there is a shim. */
static int open_files(
		struct folder *folder, int storage_fd, const struct bytes *alert, struct err *err)
{
	int *fds = folder->fds;
	int pair[2];

	fds[SHIM_DIR] = openat(
			storage_fd, folder->dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fds[SHIM_DIR] < 0) {
		return err_set(err, ERR_IO, "open '%s': %s", folder->dir, strerror(errno));
	}
	fds[SHIM_LOCK] = file_lock(fds[SHIM_DIR], "lock", err);
	if (fds[SHIM_LOCK] < 0) {
		return -1;
	}
	fds[SHIM_NULL_OUT] = open("/dev/null", O_RDWR | O_CLOEXEC);
	fds[SHIM_NULL_ERR] = fcntl(fds[SHIM_NULL_OUT], F_DUPFD_CLOEXEC, 3);
	fds[SHIM_OUTPUT] = create(fds[SHIM_DIR], "output", 0600);
	fds[SHIM_STATUS] = create(fds[SHIM_DIR], SHIM_STATUS_TMP, 0600);
	fds[SHIM_CANCEL] = open_cancel(fds[SHIM_DIR]);
	if (fds[SHIM_NULL_ERR] < 0 || fds[SHIM_OUTPUT] < 0 || fds[SHIM_STATUS] < 0 ||
			fds[SHIM_CANCEL] < 0) {
		return err_set(err, ERR_IO, "open the attempt's files: %s", strerror(errno));
	}
	errno = posix_fallocate(fds[SHIM_STATUS], 0, ATTEMPT_STATUS_MAX);
	if (errno != 0) {
		return err_set(err, ERR_IO, "no room for the status: %s", strerror(errno));
	}
	fds[SHIM_STDIN] = alert ? open_stdin(fds[SHIM_DIR], alert, err)
				: fcntl(fds[SHIM_NULL_OUT], F_DUPFD_CLOEXEC, 0);
	if (fds[SHIM_STDIN] < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		return err_set(err, ERR_IO, "open the attempt's files: %s", strerror(errno));
	}
	folder->handshake = pair[0];
	fds[SHIM_HANDSHAKE] = pair[1];
	return 0;
}

static void close_files(struct folder *folder)
{
	for (int i = 0; i < SHIM_FDS; i++) {
		if (folder->fds[i] >= 0) {
			close(folder->fds[i]);
		}
	}
}

/* Nothing was started: leave no sign that it was. */
static void remove_folder(struct folder *folder, int storage_fd)
{
	if (folder->fds[SHIM_DIR] >= 0) {
		for (size_t i = 0; i < sizeof(folder_files) / sizeof(*folder_files); i++) {
			unlinkat(folder->fds[SHIM_DIR], folder_files[i], 0);
		}
	}
	unlinkat(storage_fd, folder->dir, AT_REMOVEDIR);
	if (folder->handshake >= 0) {
		close(folder->handshake);
	}
}

static pid_t fork_shim(const struct attempts *attempts, const struct folder *folder,
		const struct permit *permit, const struct attempt_id *id, struct err *err)
{
	char cgroup[CGROUP_NAME_MAX];
	struct shim shim = { .argv = &permit->argv,
		.env = &permit->env,
		.cwd = permit->cwd,
		.user = permit->user,
		.home = attempts->home,
		.timeout_ms = permit->timeout_ms,
		.limits = permit->limits,
		.detach = permit->detach,
		.new_privs = permit->new_privs,
		.cgroups = &attempts->cgroups.trees,
		.cgroup = step_cgroups_name(&attempts->cgroups, id, cgroup) };

	memcpy(shim.fds, folder->fds, sizeof(shim.fds));

	pid_t pid = fork();

	if (pid == 0) {
		shim_run(&shim);
	}
	if (pid < 0) {
		err_set(err, ERR_BUSY, "fork: %s", strerror(errno));
	}
	return pid;
}

/* Folder, files and shim; on failure all of it is undone. */
static int launch(struct attempts *attempts, struct attempt *attempt, const struct permit *permit,
		const struct msg_start *start, struct err *err)
{
	struct folder folder = { .handshake = -1 };

	memset(folder.fds, -1, sizeof(folder.fds));
	attempt_dir(&start->id, folder.dir);
	if (make_folder(attempts->storage_fd, folder.dir, err) < 0) {
		return -1;
	}

	const struct bytes *alert = permit->stdin_alert ? &start->alert : NULL;
	pid_t pid = -1;

	if (open_files(&folder, attempts->storage_fd, alert, err) == 0) {
		pid = fork_shim(attempts, &folder, permit, &start->id, err);
	}
	if (pid < 0) {
		remove_folder(&folder, attempts->storage_fd);
		close_files(&folder);
		return -1;
	}
	close_files(&folder);
	*attempt = (struct attempt){
		.owner = attempts, .id = start->id, .pid = pid, .handshake = folder.handshake
	};
	attempt->watch = loop_add(
			attempts->loop, attempt->handshake, EPOLLIN, on_handshake, attempt);
	return 0;
}

static enum refusal refusal_of(enum err_code code)
{
	if (code == ERR_NOT_FOUND) {
		return REFUSED_CONFIG;
	}
	return code == ERR_BUSY || code == ERR_IO ? REFUSED_LATER : REFUSED_NEVER;
}

static int try_start(struct attempts *attempts, const struct config_versions *versions,
		const struct msg_start *start, struct permit *permit, struct err *err)
{
	struct attempt *attempt = find_free(attempts);

	*permit = (struct permit){ 0 };
	if (attempts->stopping) {
		return err_set(err, ERR_BUSY, "the daemon is stopping");
	}
	if (!attempt) {
		return err_set(err, ERR_BUSY, "%d steps are already running", ATTEMPTS_MAX);
	}
	if (permit_start(versions, start, permit, err) < 0) {
		return -1;
	}
	return launch(attempts, attempt, permit, start, err);
}

void attempts_start(struct attempts *attempts, const struct config_versions *versions,
		const struct msg_start *start)
{
	struct permit permit;
	struct err err;

	if (try_start(attempts, versions, start, &permit, &err) < 0) {
		log_warn("step refused", LOG_INT("run", start->id.run),
				LOG_INT("step", start->id.step),
				LOG_INT("attempt", start->id.attempt), LOG_STR("error", err.msg));
		attempts->send(attempts->arg, MSG_REFUSED,
				&(struct msg_refused){ .id = start->id,
						.why = (uint8_t)refusal_of(err.code),
						.reason = err.msg });
	}
	permit_clear(&permit);
}

void attempts_go(struct attempts *attempts, const struct attempt_id *id)
{
	struct attempt *attempt = find(attempts, id);

	if (!attempt) {
		attempts->send(attempts->arg, MSG_ENDED, &(struct msg_ended){ .id = *id });
		return;
	}
	if (attempt->reported && attempt->handshake >= 0) {
		/* When the shim is gone already, reaping it says so. */
		send(attempt->handshake, "g", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
		close_handshake(attempt);
	}
}

void attempts_cancel(struct attempts *attempts, const struct attempt_id *id)
{
	struct attempt *attempt = find(attempts, id);

	if (attempt && attempt->handshake >= 0) {
		close_handshake(attempt);
	} else if (!attempt_cancel(attempts->storage_fd, id) && !attempt) {
		attempts->send(attempts->arg, MSG_ENDED, &(struct msg_ended){ .id = *id });
	}
}

struct step_cgroups *attempts_cgroups(struct attempts *attempts)
{
	return &attempts->cgroups;
}

bool attempts_have(const struct attempts *attempts, pid_t pid)
{
	for (size_t i = 0; i < ATTEMPTS_MAX; i++) {
		if (attempts->items[i].pid == pid) {
			return true;
		}
	}
	return false;
}

bool attempts_reap(struct attempts *attempts)
{
	bool leftovers = false;
	bool ended = attempts->cgroups.dying;

	for (size_t i = 0; i < ATTEMPTS_MAX; i++) {
		struct attempt *attempt = &attempts->items[i];
		int status;

		if (attempt->pid && waitpid(attempt->pid, &status, WNOHANG) == attempt->pid) {
			const struct msg_ended msg = { .id = attempt->id };

			ended = true;
			leftovers |= WIFSIGNALED(status) && !attempts->cgroups.trees.len;
			close_handshake(attempt);
			attempt->pid = 0;
			attempts->send(attempts->arg, MSG_ENDED, &msg);
		}
	}
	if (ended) {
		step_cgroups_sweep(&attempts->cgroups);
	}
	return leftovers;
}
