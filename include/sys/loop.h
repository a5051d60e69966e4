/*
 * loop - one epoll loop a process; it asks its owner how long it may sleep.
 *
 * Each turn: tick() does all work that is due and returns how long the loop may wait; epoll_wait();
 * the callbacks of what became ready. There is no timer subsystem: the owner's tick knows what is due.
 *
 *	static int64_t core_tick(void *arg);   // commit, run what is due; ms until the next, -1: none
 *
 * Callbacks may add and remove any watch, their own too: a removed watch is never called again,
 * not even in the same turn.
 */
#ifndef SYS_LOOP_H
#define SYS_LOOP_H

#include <stdint.h>
#include <sys/epoll.h>

#include "base/err.h"

struct loop;
struct loop_watch;

typedef void (*loop_fn)(void *arg, uint32_t events); /* EPOLLIN, EPOLLOUT, EPOLLHUP, EPOLLERR */
typedef void (*loop_signal_fn)(void *arg, int signo);
typedef int64_t (*loop_tick_fn)(void *arg);

struct loop *loop_new(struct err *err);
/* NULL is a no-op. Closes no watched descriptor. */
void loop_free(struct loop *loop);

/* Watch fd; events is EPOLLIN and/or EPOLLOUT (0 is allowed). Borrows fd until loop_remove(). */
struct loop_watch *loop_add(struct loop *loop, int fd, uint32_t events, loop_fn fn, void *arg);
void loop_change(struct loop_watch *watch, uint32_t events);
/* NULL is a no-op. */
void loop_remove(struct loop_watch *watch);

/*
 * Block the signals of the 0-terminated list and have fn called for each that arrives (signalfd).
 * Call once, before any other thread or child.
 */
int loop_signals(struct loop *loop, const int *signals, loop_signal_fn fn, void *arg,
		struct err *err);

/* Run until loop_stop(); returns what it was given. tick is called at the start of each turn. */
int loop_run(struct loop *loop, loop_tick_fn tick, void *arg);
void loop_stop(struct loop *loop, int status);

#endif
