/* SPDX-License-Identifier: Apache-2.0 */
/*
 * promises - what the store must never say, as queries that must give no row. Those of escalation
 * are in called.h.
 */
#ifndef SIM_PROMISES_H
#define SIM_PROMISES_H

/* After each event, and when nothing more can happen. NULL-terminated. */
extern const char *const promises_always[];
extern const char *const promises_at_rest[];

#endif
