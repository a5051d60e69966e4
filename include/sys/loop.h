/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop - one epoll loop a process; it asks its owner how long it may sleep.
 *
 * Each turn: tick() does all work that is due and returns how long the loop may wait; epoll_wait();
 * the callbacks of what became ready. There are no timers: the owner's tick knows what is due.
 *
 *	static int64_t core_tick(void *arg);   // do what is due; ms until the next, -1: none
 *
 * Callbacks may add and remove any watch, their own too: a removed watch is never called again,
 * not even in the same turn.
 */
#ifndef SYS_LOOP_H
#define SYS_LOOP_H

#include <stdint.h>
#include <sys/epoll.h>

#include "base/err.h"

#define LOOP_WAIT_MAX_MS 60000

struct loop;
struct loop_watch;

typedef void (*loop_fn)(void *arg, uint32_t events); /* EPOLLIN, EPOLLOUT, EPOLLHUP, EPOLLERR */
typedef void (*loop_signal_fn)(void *arg, int signo);
typedef int64_t (*loop_tick_fn)(void *arg);

struct loop *loop_new(struct err *err);
/* NULL is a no-op. Frees all watches, closes no watched descriptor. Not from within a callback. */
void loop_free(struct loop *loop);

/*
 * Watch fd, level-triggered; events is EPOLLIN and/or EPOLLOUT (0 is allowed; EPOLLHUP and EPOLLERR
 * always come). Borrows fd until loop_remove(), which must come before close(). Aborts when the
 * kernel will not watch it: a regular file, or no memory.
 */
struct loop_watch *loop_add(struct loop *loop, int fd, uint32_t events, loop_fn fn, void *arg);
void loop_change(struct loop_watch *watch, uint32_t events);
/* NULL is a no-op. The watch is gone for the caller; its memory is freed after the turn. */
void loop_remove(struct loop_watch *watch);

/*
 * Block the signals of the 0-terminated list and have fn called for each that arrives (signalfd).
 * Call once, before any other thread or child.
 */
int loop_signals(struct loop *loop, const int *signals, loop_signal_fn fn, void *arg,
		struct err *err);

/*
 * Run until loop_stop(); returns what it was given. tick (or NULL) is called at the start of each
 * turn. A wait longer than LOOP_WAIT_MAX_MS is cut to it, since the kernel's wait stands still
 * while the machine sleeps and clock_mono_ms() does not.
 */
int loop_run(struct loop *loop, loop_tick_fn tick, void *arg);
/* Before loop_run() too, which then returns at once. */
void loop_stop(struct loop *loop, int status);

#endif
