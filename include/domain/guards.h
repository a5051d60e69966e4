/*
 * guards - the rules that can keep a run from starting. Each is a pure function of what the store
 * remembers and the time now; each says why in plain words and when it lets the next one through.
 */
#ifndef DOMAIN_GUARDS_H
#define DOMAIN_GUARDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * cooldown: no run of the same playbook and target within cooldown_ms of the end of the last one.
 * A last run that is not over yet (ended_at 0) holds, too. A clock that was set back does not make
 * it longer than cooldown_ms from now. Returns true when it lets the run through; else reason says
 * "cooldown: last run 7 ended 3m12s ago, next at 02:14:05".
 */
bool guard_cooldown(int64_t cooldown_ms, int64_t last_run, int64_t ended_at, int64_t now,
		char *reason, size_t reason_max);

/* max_alert_age: an alert that began longer ago is recorded, not acted on. */
bool guard_age(int64_t max_age_ms, int64_t starts_at, int64_t now, char *reason, size_t reason_max);

#endif
