/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_receiver - `playbookd test-receiver NAME`: notify every endpoint of a receiver of a test,
 * now and without a daemon, the way egress would.
 */
#ifndef MAIN_TEST_RECEIVER_H
#define MAIN_TEST_RECEIVER_H

/* Prints a line for each endpoint. Returns the exit status: 0 when all were notified. */
int test_receiver(const char *config_path, const char *name);

#endif
