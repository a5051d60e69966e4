/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/loop.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/mem.h"

#define EVENTS_MAX 256

struct loop_watch {
	struct loop *loop;
	struct loop_watch *prev;
	struct loop_watch *next;
	loop_fn fn; /* NULL once removed */
	void *arg;
	int fd;
	uint32_t events;
};

struct loop {
	int epoll_fd;
	struct loop_watch *watches;
	struct loop_watch *removed; /* events of this turn may still point at them */
	int signal_fd;              /* -1: none */
	loop_signal_fn signal_fn;
	void *signal_arg;
	bool stopped;
	int status;
};

static void list_add(struct loop_watch **head, struct loop_watch *watch)
{
	watch->prev = NULL;
	watch->next = *head;
	if (*head) {
		(*head)->prev = watch;
	}
	*head = watch;
}

static void list_remove(struct loop_watch **head, struct loop_watch *watch)
{
	if (watch->prev) {
		watch->prev->next = watch->next;
	} else {
		*head = watch->next;
	}
	if (watch->next) {
		watch->next->prev = watch->prev;
	}
}

static void list_free(struct loop_watch **head)
{
	while (*head) {
		struct loop_watch *next = (*head)->next;

		free(*head);
		*head = next;
	}
}

/* Fails for our own mistakes and for a kernel out of memory only. */
static void control(struct loop *loop, int op, struct loop_watch *watch)
{
	struct epoll_event event = { .events = watch->events, .data.ptr = watch };

	if (epoll_ctl(loop->epoll_fd, op, watch->fd, &event) < 0) {
		abort();
	}
}

struct loop *loop_new(struct err *err)
{
	int fd = epoll_create1(EPOLL_CLOEXEC);

	if (fd < 0) {
		err_set(err, ERR_IO, "create an epoll descriptor: %s", strerror(errno));
		return NULL;
	}

	struct loop *loop = xcalloc(1, sizeof(*loop));

	loop->epoll_fd = fd;
	loop->signal_fd = -1;
	return loop;
}

void loop_free(struct loop *loop)
{
	if (!loop) {
		return;
	}
	list_free(&loop->watches);
	list_free(&loop->removed);
	close(loop->epoll_fd);
	if (loop->signal_fd >= 0) {
		close(loop->signal_fd);
	}
	free(loop);
}

struct loop_watch *loop_add(struct loop *loop, int fd, uint32_t events, loop_fn fn, void *arg)
{
	assert(fn);

	struct loop_watch *watch = xcalloc(1, sizeof(*watch));

	watch->loop = loop;
	watch->fd = fd;
	watch->events = events;
	watch->fn = fn;
	watch->arg = arg;
	control(loop, EPOLL_CTL_ADD, watch);
	list_add(&loop->watches, watch);
	return watch;
}

void loop_change(struct loop_watch *watch, uint32_t events)
{
	assert(watch->fn);
	if (watch->events != events) {
		watch->events = events;
		control(watch->loop, EPOLL_CTL_MOD, watch);
	}
}

void loop_remove(struct loop_watch *watch)
{
	if (!watch) {
		return;
	}
	assert(watch->fn);
	control(watch->loop, EPOLL_CTL_DEL, watch);
	watch->fn = NULL;
	list_remove(&watch->loop->watches, watch);
	list_add(&watch->loop->removed, watch);
}

static void on_signal(void *arg, uint32_t events)
{
	struct loop *loop = arg;
	struct signalfd_siginfo info;

	(void)events;
	while (read(loop->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		loop->signal_fn(loop->signal_arg, (int)info.ssi_signo);
	}
}

int loop_signals(struct loop *loop, const int *signals, loop_signal_fn fn, void *arg,
		struct err *err)
{
	sigset_t set;

	assert(loop->signal_fd < 0);
	sigemptyset(&set);
	for (size_t i = 0; signals[i]; i++) {
		sigaddset(&set, signals[i]);
	}
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0) {
		return err_set(err, ERR_IO, "block signals: %s", strerror(errno));
	}
	loop->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (loop->signal_fd < 0) {
		return err_set(err, ERR_IO, "create a signal descriptor: %s", strerror(errno));
	}
	loop->signal_fn = fn;
	loop->signal_arg = arg;
	loop_add(loop, loop->signal_fd, EPOLLIN, on_signal, loop);
	return 0;
}

static void turn(struct loop *loop, int64_t wait_ms)
{
	struct epoll_event events[EVENTS_MAX];
	int timeout = wait_ms < 0                  ? -1
		      : wait_ms > LOOP_WAIT_MAX_MS ? LOOP_WAIT_MAX_MS
						   : (int)wait_ms;
	int n = epoll_wait(loop->epoll_fd, events, EVENTS_MAX, timeout);

	if (n < 0 && errno != EINTR) {
		abort();
	}
	for (int i = 0; i < n; i++) {
		struct loop_watch *watch = events[i].data.ptr;

		if (watch->fn) {
			watch->fn(watch->arg, events[i].events);
		}
	}
	list_free(&loop->removed);
}

int loop_run(struct loop *loop, loop_tick_fn tick, void *arg)
{
	while (!loop->stopped) {
		int64_t wait_ms = tick ? tick(arg) : -1;

		if (!loop->stopped) {
			turn(loop, wait_ms);
		}
	}
	loop->stopped = false;
	return loop->status;
}

void loop_stop(struct loop *loop, int status)
{
	loop->stopped = true;
	loop->status = status;
}
