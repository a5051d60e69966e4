/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "sys/file.h"

#define PROC_MAX  (1024 * 1024) /* of a file of the kernel that we read */
#define TRY       "playbookd-try"
#define FILE_MAX  64
#define LISTS_MAX 100 /* passes over the processes of a v1 group */

/* PATH of tree, a group in it (NULL: none) and a file of that (NULL: none); NULL when too long. */
static const char *path_of(const struct cgroup_tree *tree, const char *name, const char *file,
		char path[PATH_MAX])
{
	int n = snprintf(path, PATH_MAX, "%s%s%s%s%s", tree->path, name ? "/" : "",
			name ? name : "", file ? "/" : "", file ? file : "");

	return n > 0 && n < PATH_MAX ? path : NULL;
}

static int write_file(const struct cgroup_tree *tree, const char *name, const char *file,
		const char *text)
{
	char path[PATH_MAX];
	const char *place = path_of(tree, name, file, path);
	auto_fd int fd = place ? open(place, O_WRONLY | O_CLOEXEC) : -1;

	return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : -1;
}

static int read_text(
		const struct cgroup_tree *tree, const char *name, const char *file, struct buf *out)
{
	char path[PATH_MAX];
	const char *place = path_of(tree, name, file, path);
	struct err err;

	return place ? file_read(AT_FDCWD, place, PROC_MAX, out, &err) : -1;
}

/* Is word one of those in text, between separators? */
static bool has_word(const char *text, const char *word, const char *separators)
{
	size_t len = strlen(word);

	while (*text) {
		size_t n = strcspn(text, separators);

		if (n == len && strncmp(text, word, len) == 0) {
			return true;
		}
		text += n + strspn(text + n, separators);
	}
	return false;
}

/* Which group of a hierarchy we are in: "8:pids:/a/b"; v2 has no controller: "0::/a/b". */
static bool own_group(const char *controller, char path[PATH_MAX])
{
	auto_buf struct buf text = { 0 };
	struct err err;
	char *save = NULL;

	if (file_read(AT_FDCWD, "/proc/self/cgroup", PROC_MAX, &text, &err) < 0) {
		return false;
	}
	for (char *line = strtok_r((char *)text.data, "\n", &save); line;
			line = strtok_r(NULL, "\n", &save)) {
		char *names = strchr(line, ':');
		char *group = names ? strchr(names + 1, ':') : NULL;

		if (!group) {
			continue;
		}
		*group++ = '\0';
		names++;
		if (*controller ? has_word(names, controller, ",") : *names == '\0') {
			snprintf(path, PATH_MAX, "%s", group);
			return true;
		}
	}
	return false;
}

/* A line of mountinfo, taken apart: "36 35 0:30 ROOT POINT options … - TYPE source OPTIONS". */
struct mount {
	const char *root;
	const char *point;
	const char *type;
	const char *options;
};

static bool parse_mount(char *line, struct mount *ret)
{
	char *dash = strstr(line, " - ");
	char *save = NULL;

	if (!dash) {
		return false;
	}
	*dash = '\0';
	for (int i = 0; i < 5; i++) {
		const char *field = strtok_r(i == 0 ? line : NULL, " ", &save);

		if (!field) {
			return false;
		}
		ret->root = i == 3 ? field : ret->root;
		ret->point = field;
	}
	ret->type = strtok_r(dash + 3, " ", &save);
	ret->options = strtok_r(NULL, " ", &save) ? strtok_r(NULL, " ", &save) : NULL;
	return ret->type && ret->options && !strchr(ret->point, '\\');
}

/* Where the group that we are in stands below the mount. */
static bool place_tree(const struct mount *mount, const char *controller, struct cgroup_tree *tree)
{
	char group[PATH_MAX];
	size_t root_len = strcmp(mount->root, "/") == 0 ? 0 : strlen(mount->root);
	const char *rest = group;

	if (!own_group(controller, group)) {
		return false;
	}
	if (strncmp(group, mount->root, root_len) == 0) {
		rest += root_len;
	} else {
		rest = "";
	}
	if (strcmp(rest, "/") == 0) {
		rest = "";
	}
	return snprintf(tree->path, sizeof(tree->path), "%s%s", mount->point, rest) <
	       (int)sizeof(tree->path);
}

/* After an earlier start we may be in CGROUP_OWN already: groups are made beside it. */
static void leave_own(struct cgroup_tree *tree)
{
	char *slash = strrchr(tree->path, '/');

	if (slash && strcmp(slash + 1, CGROUP_OWN) == 0) {
		*slash = '\0';
	}
}

/* Are we the only process in the group? */
static bool alone(const struct cgroup_tree *tree)
{
	auto_buf struct buf procs = { 0 };
	char own[32];

	snprintf(own, sizeof(own), "%d\n", getpid());
	return read_text(tree, NULL, "cgroup.procs", &procs) == 0 &&
	       strcmp(buf_text(&procs), own) == 0;
}

static bool hands_on(const struct cgroup_tree *tree, const char *controller)
{
	auto_buf struct buf text = { 0 };

	return read_text(tree, NULL, "cgroup.subtree_control", &text) == 0 &&
	       has_word(buf_text(&text), controller, " \n");
}

/* Hand the controllers on, for which we have to leave the group if it is not the root. */
static void split_v2(const struct cgroup_tree *tree)
{
	auto_buf struct buf type = { 0 };
	char path[PATH_MAX];
	bool root = read_text(tree, NULL, "cgroup.type", &type) < 0;

	if (root || (hands_on(tree, "pids") && hands_on(tree, "memory"))) {
		return;
	}
	if (!alone(tree) || !path_of(tree, CGROUP_OWN, NULL, path) ||
			(mkdir(path, 0755) < 0 && errno != EEXIST)) {
		return;
	}
	if (write_file(tree, CGROUP_OWN, "cgroup.procs", "0") == 0) {
		write_file(tree, NULL, "cgroup.subtree_control", "+pids");
		write_file(tree, NULL, "cgroup.subtree_control", "+memory");
	}
	if (!hands_on(tree, "pids") && !hands_on(tree, "memory")) {
		write_file(tree, NULL, "cgroup.procs", "0");
		rmdir(path);
	}
}

/* Can a child enter a group that is made there? */
static bool works(const struct cgroup_tree *tree)
{
	char path[PATH_MAX];
	char name[FILE_MAX];
	int status = -1;

	snprintf(name, sizeof(name), TRY "-%d", getpid());
	if (!path_of(tree, name, NULL, path) || mkdir(path, 0755) < 0) {
		return false;
	}

	pid_t pid = fork();

	if (pid == 0) {
		_exit(write_file(tree, name, "cgroup.procs", "0") == 0 ? 0 : 1);
	}
	if (pid > 0) {
		waitpid(pid, &status, 0);
	}
	rmdir(path);
	return status == 0;
}

static void try_v2(struct cgroups *cgroups, const struct mount *mount)
{
	struct cgroup_tree *tree = &cgroups->trees[cgroups->len];

	*tree = (struct cgroup_tree){ .v2 = true };
	if (!place_tree(mount, "", tree)) {
		return;
	}
	leave_own(tree);
	split_v2(tree);
	tree->processes = hands_on(tree, "pids");
	tree->memory = hands_on(tree, "memory");
	cgroups->len += works(tree);
}

static void try_v1(struct cgroups *cgroups, const struct mount *mount)
{
	struct cgroup_tree *tree = &cgroups->trees[cgroups->len];
	bool processes = has_word(mount->options, "pids", ",");
	bool memory = has_word(mount->options, "memory", ",");

	*tree = (struct cgroup_tree){ .processes = processes && !cgroups_have_processes(cgroups),
		.memory = memory && !cgroups_have_memory(cgroups) };
	if ((tree->processes || tree->memory) &&
			place_tree(mount, processes ? "pids" : "memory", tree)) {
		cgroups->len += works(tree);
	}
}

void cgroups_find(struct cgroups *ret)
{
	auto_buf struct buf text = { 0 };
	struct err err;
	char *save = NULL;

	memset(ret, 0, sizeof(*ret));
	if (file_read(AT_FDCWD, "/proc/self/mountinfo", PROC_MAX, &text, &err) < 0) {
		return;
	}
	for (char *line = strtok_r((char *)text.data, "\n", &save);
			line && ret->len < CGROUP_TREES_MAX; line = strtok_r(NULL, "\n", &save)) {
		struct mount mount = { 0 };

		if (!parse_mount(line, &mount)) {
			continue;
		}
		if (strcmp(mount.type, "cgroup2") == 0) {
			try_v2(ret, &mount);
		} else if (strcmp(mount.type, "cgroup") == 0) {
			try_v1(ret, &mount);
		}
	}
}

bool cgroups_have_processes(const struct cgroups *cgroups)
{
	for (size_t i = 0; i < cgroups->len; i++) {
		if (cgroups->trees[i].processes) {
			return true;
		}
	}
	return false;
}

bool cgroups_have_memory(const struct cgroups *cgroups)
{
	for (size_t i = 0; i < cgroups->len; i++) {
		if (cgroups->trees[i].memory) {
			return true;
		}
	}
	return false;
}

/* A limit without its controller, or of swap where that is not counted, is no mistake here. */
static int set_limits(const struct cgroup_tree *tree, const char *name,
		const struct cgroup_limits *limits)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, limits->processes);
	if (tree->processes && limits->processes && write_file(tree, name, "pids.max", text) < 0) {
		return -1;
	}
	if (!tree->memory || !limits->memory) {
		return 0;
	}
	snprintf(text, sizeof(text), "%" PRId64, limits->memory);
	if (tree->v2) {
		write_file(tree, name, "memory.swap.max", "0");
		write_file(tree, name, "memory.oom.group", "1");
		return write_file(tree, name, "memory.max", text);
	}
	if (write_file(tree, name, "memory.limit_in_bytes", text) < 0) {
		return -1;
	}
	write_file(tree, name, "memory.memsw.limit_in_bytes", text);
	return 0;
}

/* Returns the file to enter it by, or -1. */
static int open_in(const struct cgroup_tree *tree, const char *name,
		const struct cgroup_limits *limits)
{
	char path[PATH_MAX];

	if (!path_of(tree, name, NULL, path) || (mkdir(path, 0755) < 0 && errno != EEXIST) ||
			set_limits(tree, name, limits) < 0 ||
			!path_of(tree, name, "cgroup.procs", path)) {
		return -1;
	}
	return open(path, O_WRONLY | O_CLOEXEC);
}

int cgroup_open(const struct cgroups *cgroups, const char *name, const struct cgroup_limits *limits,
		struct cgroup *ret, struct err *err)
{
	*ret = (struct cgroup){ .cgroups = cgroups };
	snprintf(ret->name, sizeof(ret->name), "%s", name);
	for (size_t i = 0; i < cgroups->len; i++) {
		int fd = open_in(&cgroups->trees[i], ret->name, limits);

		if (fd < 0) {
			err_set(err, ERR_IO, "cgroup '%s' in '%s': %s", name,
					cgroups->trees[i].path, strerror(errno));
			cgroup_close(ret);
			cgroup_remove(cgroups, name);
			return -1;
		}
		ret->entries[ret->entries_len++] = fd;
	}
	return 0;
}

void cgroup_close(struct cgroup *cgroup)
{
	for (size_t i = 0; i < cgroup->entries_len; i++) {
		close(cgroup->entries[i]);
	}
	cgroup->entries_len = 0;
}

/* One pass; returns how many there were. */
static size_t kill_listed(const struct cgroup_tree *tree, const char *name)
{
	auto_buf struct buf procs = { 0 };
	char *save = NULL;
	size_t count = 0;

	if (read_text(tree, name, "cgroup.procs", &procs) < 0 || procs.len == 0) {
		return 0;
	}
	for (char *line = strtok_r((char *)procs.data, "\n", &save); line;
			line = strtok_r(NULL, "\n", &save)) {
		pid_t pid = (pid_t)strtol(line, NULL, 10);

		if (pid > 1) {
			kill(pid, SIGKILL);
			count++;
		}
	}
	return count;
}

/*
 * v1: with no process to be had, nothing new comes after a pass; without that limit more passes
 * are needed, until they find nobody or give up.
 */
static void kill_v1(const struct cgroup_tree *tree, const char *name)
{
	if (tree->processes) {
		write_file(tree, name, "pids.max", "0");
	}
	for (int i = 0; i < LISTS_MAX && kill_listed(tree, name) > 0; i++) {
		if (tree->processes) {
			return;
		}
	}
}

void cgroup_kill(const struct cgroups *cgroups, const char *name)
{
	for (size_t i = 0; i < cgroups->len; i++) {
		const struct cgroup_tree *tree = &cgroups->trees[i];

		if (!tree->v2 || write_file(tree, name, "cgroup.kill", "1") < 0) {
			kill_v1(tree, name);
		}
	}
}

bool cgroup_remove(const struct cgroups *cgroups, const char *name)
{
	char path[PATH_MAX];
	bool gone = true;

	for (size_t i = 0; i < cgroups->len; i++) {
		if (path_of(&cgroups->trees[i], name, NULL, path) && rmdir(path) < 0) {
			gone &= errno == ENOENT;
		}
	}
	return gone;
}

void cgroups_each(const struct cgroups *cgroups, const char *prefix,
		void (*fn)(void *arg, const char *name), void *arg)
{
	for (size_t i = 0; i < cgroups->len; i++) {
		DIR *dir = opendir(cgroups->trees[i].path);

		for (struct dirent *entry = dir ? readdir(dir) : NULL; entry;
				entry = readdir(dir)) {
			if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0 &&
					strlen(entry->d_name) < CGROUP_NAME_MAX) {
				fn(arg, entry->d_name);
			}
		}
		if (dir) {
			closedir(dir);
		}
	}
}
