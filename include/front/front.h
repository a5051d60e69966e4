/* SPDX-License-Identifier: Apache-2.0 */
/*
 * front - the role that the network talks to: its channels, its signals, and its dispatcher.
 */
#ifndef FRONT_FRONT_H
#define FRONT_FRONT_H

/*
 * Takes control_fd. Runs until the executor closes it (returns 0), until SIGTERM, after what is
 * pending was answered (0), or until something breaks (1).
 */
int front_main(int control_fd);

#endif
