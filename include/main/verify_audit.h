/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify_audit - `playbookd verify-audit`: is the chain of the audit log intact?
 *
 * Reads the store only, whether a daemon runs on it or not.
 */
#ifndef MAIN_VERIFY_AUDIT_H
#define MAIN_VERIFY_AUDIT_H

/* Look, say it, and return the exit status: 0 intact, 1 broken or unreadable. */
int verify_audit(const char *storage_path);

#endif
