/*
 * verify_audit - `playbookd verify-audit`: is the chain of what people ordered whole?
 *
 * Reads the store only, whether a daemon runs on it or not.
 */
#ifndef MAIN_VERIFY_AUDIT_H
#define MAIN_VERIFY_AUDIT_H

/* Look, say it, and return the exit status: 0 whole, 1 broken or not to be read. */
int verify_audit(const char *storage_path);

#endif
