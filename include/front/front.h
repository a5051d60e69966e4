/*
 * front - the role that the network talks to: takes requests, checks them, asks the core, answers.
 *
 * It keeps nothing: what it has accepted is either in the core's store or answered with an error.
 * Without a core, all that needs one is answered 503 and the sender tries again.
 *
 * Limits: FRONT_DELIVERIES_MAX deliveries at the core at once; an answer from the core within
 * PENDING_MAX_MS, else 503.
 */
#ifndef FRONT_FRONT_H
#define FRONT_FRONT_H

#define FRONT_DELIVERIES_MAX 1024

/*
 * Takes control_fd. Runs until the executor closes it (returns 0), until SIGTERM, after what is
 * pending was answered (0), or until something breaks (1).
 */
int front_main(int control_fd);

#endif
