/* SPDX-License-Identifier: Apache-2.0 */
/*
 * called - what the escalation promises: nobody is called twice for the same, nobody is late, what
 * is in somebody's hands is left alone, and whoever was told hears of the end.
 */
#ifndef SIM_CALLED_H
#define SIM_CALLED_H

#include <stdint.h>

/* What must give no row after each event, and at rest. NULL-terminated. */
extern const char *const called_always[];
extern const char *const called_at_rest[];

/* Look at what people have in hand, before an event. */
void called_watch(void);
/* And after it: was somebody called for it all the same? NULL: no; else a sentence. So with what
 * is due and was not done. */
const char *called_complaint(void);
/* How often a level was called. */
uint64_t called_count(void);

#endif
