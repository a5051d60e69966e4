/* SPDX-License-Identifier: Apache-2.0 */
/*
 * begun - nothing starts for what is over: which runs began in a turn, and what for.
 */
#ifndef SIM_BEGUN_H
#define SIM_BEGUN_H

/* Before a turn: remember which runs have begun. */
void begun_watch(void);
/* After it: NULL, or what is wrong with one that has begun since. */
const char *begun_complaint(void);

#endif
