/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/loop.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "test.h"

#define MANY 600 /* more than one batch of events */

struct fixture {
	struct loop *loop;
	struct loop_watch *watches[MANY];
	int fds[MANY];
	int calls[MANY];
	size_t len;
	int total;
	uint32_t events;
	int signals[3];
	size_t signals_len;
	int ticks;
};

static struct fixture f;

static void setup(size_t len, loop_fn fn)
{
	struct err err;

	f = (struct fixture){ .len = len };
	f.loop = loop_new(&err);
	must(f.loop);
	for (size_t i = 0; i < len; i++) {
		f.fds[i] = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
		must(f.fds[i] >= 0);
		f.watches[i] = loop_add(f.loop, f.fds[i], EPOLLIN, fn, &f.calls[i]);
	}
}

static int64_t tick_stop_second(void *arg)
{
	(void)arg;
	if (f.ticks++) {
		loop_stop(f.loop, 7);
	}
	return 0;
}

static void count(void *arg, uint32_t events)
{
	++*(int *)arg;
	f.total++;
	f.events = events;
}

TEST(a_ready_descriptor_is_reported_in_every_turn_until_it_is_read)
{
	setup(1, count);
	ck_int(loop_run(f.loop, tick_stop_second, NULL), 7);
	f.ticks = 0;
	ck_int(loop_run(f.loop, tick_stop_second, NULL), 7);
	ck_int(f.calls[0], 2);
	ck_int(f.events, EPOLLIN);
	loop_free(f.loop);
}

TEST(a_stop_before_the_run_ends_it_at_once)
{
	setup(1, count);
	loop_stop(f.loop, 3);
	ck_int(loop_run(f.loop, tick_stop_second, NULL), 3);
	ck_int(f.ticks, 0);
	ck_int(f.total, 0);
	loop_free(f.loop);
}

TEST(a_changed_watch_reports_only_what_it_now_wants)
{
	setup(1, count);
	loop_change(f.watches[0], 0);
	loop_run(f.loop, tick_stop_second, NULL);
	ck_int(f.total, 0);
	loop_change(f.watches[0], EPOLLOUT);
	f.ticks = 0;
	loop_run(f.loop, tick_stop_second, NULL);
	ck_int(f.total, 1);
	ck_int(f.events, EPOLLOUT);
	loop_free(f.loop);
}

static int64_t tick_until_all(void *arg)
{
	(void)arg;
	for (size_t i = 0; i < f.len; i++) {
		if (!f.calls[i]) {
			return 0;
		}
	}
	loop_stop(f.loop, 0);
	return -1;
}

TEST(more_watches_than_one_batch_all_get_their_turn)
{
	setup(MANY, count);
	loop_run(f.loop, tick_until_all, NULL);
	for (size_t i = 0; i < MANY; i++) {
		ck(f.calls[i] > 0);
	}
	loop_free(f.loop);
}

static void remove_all(void *arg, uint32_t events)
{
	count(arg, events);
	for (size_t i = 0; i < f.len; i++) {
		loop_remove(f.watches[i]);
		close(f.fds[i]);
	}
	f.len = 0;
}

TEST(a_watch_removed_in_a_callback_is_not_called_in_the_same_turn)
{
	setup(50, remove_all);
	loop_run(f.loop, tick_stop_second, NULL);
	ck_int(f.total, 1);
	loop_free(f.loop);
}

static void replace_all(void *arg, uint32_t events)
{
	remove_all(arg, events);
	f.fds[0] = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
	loop_add(f.loop, f.fds[0], EPOLLIN, count, &f.calls[49]);
}

/* The new descriptor has the number of one that is still in the batch. */
TEST(a_descriptor_number_that_is_used_again_belongs_to_its_new_watch)
{
	setup(2, replace_all);
	loop_run(f.loop, tick_stop_second, NULL);
	ck_int(f.calls[0] + f.calls[1], 1);
	f.ticks = 0;
	loop_run(f.loop, tick_stop_second, NULL);
	ck_int(f.calls[0] + f.calls[1], 1);
	ck_int(f.calls[49], 1);
	loop_free(f.loop);
}

static void on_signal(void *arg, int signo)
{
	(void)arg;
	must(f.signals_len < 3);
	f.signals[f.signals_len++] = signo;
	if (f.signals_len == 2) {
		loop_stop(f.loop, 0);
	}
}

TEST(signals_arrive_as_callbacks)
{
	static const int wanted[] = { SIGTERM, SIGHUP, 0 };
	struct err err;

	setup(0, count);
	must_ok(loop_signals(f.loop, wanted, on_signal, NULL, &err), err);
	must(kill(getpid(), SIGTERM) == 0);
	must(kill(getpid(), SIGHUP) == 0);
	loop_run(f.loop, NULL, NULL);
	ck_int(f.signals_len, 2);
	ck_int(f.signals[0] + f.signals[1], SIGTERM + SIGHUP);
	loop_free(f.loop);
}

static void interrupted(int signo)
{
	(void)signo;
	f.total++;
}

static int64_t tick_until_interrupted(void *arg)
{
	(void)arg;
	if (f.total) {
		loop_stop(f.loop, 5);
	}
	return -1;
}

TEST(an_interrupted_wait_is_just_another_turn)
{
	struct sigaction action = { .sa_handler = interrupted };
	timer_t timer;
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct itimerspec soon = { .it_value.tv_nsec = 20000000, .it_interval.tv_nsec = 20000000 };

	setup(0, count);
	must(sigaction(SIGUSR1, &action, NULL) == 0);
	must(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
	must(timer_settime(timer, 0, &soon, NULL) == 0);
	ck_int(loop_run(f.loop, tick_until_interrupted, NULL), 5);
	ck(f.total > 0);
	timer_delete(timer);
	loop_free(f.loop);
}

static int64_t tick_waits(void *arg)
{
	int64_t *wait_ms = arg;

	if (f.ticks++) {
		loop_stop(f.loop, 0);
	}
	return *wait_ms;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

TEST(the_tick_says_how_long_the_loop_waits)
{
	int64_t wait_ms = 40;
	int64_t before = now_ms();

	setup(0, count);
	loop_run(f.loop, tick_waits, &wait_ms);
	ck(now_ms() - before >= 39);
	loop_free(f.loop);
}

static void stop(void *arg, uint32_t events)
{
	count(arg, events);
	loop_stop(f.loop, 9);
}

TEST(no_wait_time_waits_for_an_event)
{
	int64_t wait_ms = -1;

	setup(1, stop);
	ck_int(loop_run(f.loop, tick_waits, &wait_ms), 9);
	ck_int(f.ticks, 1);
	loop_free(f.loop);
}
