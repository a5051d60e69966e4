/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db - the one SQLite connection: prepared statements, one transaction at a time.
 *
 * Opened with WAL (see db_wal()), synchronous=FULL, foreign keys, defensive mode, no extensions, no
 * ATTACH, untrusted schema, NOFOLLOW, busy timeout 2 s. Statements are prepared once, keyed by the
 * address of their text (a static const char[]), and kept.
 *
 *	struct stmt *s = db_stmt(db, sql);
 *	stmt_int(s, ":id", id);
 *	while ((rc = stmt_step(s, err)) == 1) { id = stmt_col_int(s, 0); … }
 *	stmt_reset(s);
 *
 * Errors: ERR_DB for all that makes further work on this connection senseless or unknown (I/O),
 * ERR_FULL the same for want of room on the disk, ERR_CORRUPT for a file that is damaged or no
 * database: it stays so until an operator acts. ERR_BUSY when another process holds the
 * lock, ERR_CONFLICT for a constraint, ERR_LIMIT for a value longer than 64 MiB, ERR_BUG for wrong
 * SQL. After ERR_DB or ERR_FULL SQLite may have rolled back the transaction: db_in_transaction()
 * says so.
 */
#ifndef SYS_DB_H
#define SYS_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/err.h"

struct db;
struct stmt;

/*
 * Open or create the file (0600, its -wal and -shm too). The file itself may not be a symbolic
 * link; its folder may be reached through one. Caller closes with db_close().
 */
struct db *db_open(const char *path, struct err *err);
/* The same for a file that is there, to read only; its owner may have it open meanwhile. */
struct db *db_open_reading(const char *path, struct err *err);
/* NULL is a no-op. Rolls back what is open; all its statements are gone. */
void db_close(struct db *db);
/*
 * Keep a write-ahead log from now on. db_open() does so with an empty file; one that has something
 * in it stays as it is until its owner is known (one that was in WAL mode is already).
 */
int db_wal(struct db *db, struct err *err);
/*
 * Look through the database for damage when it has at most max bytes; a larger one passes. About
 * 3 ms a MiB. ERR_CORRUPT.
 */
int db_check(struct db *db, int64_t max, struct err *err);
/* From now on nothing is written to the database's files, not even by db_close(). */
void db_freeze(struct db *db);

/*
 * From now on each step asks may(arg) first, but for ROLLBACK: false fails it with ERR_DB, as if
 * the process had died. For tests of what is left then.
 */
void db_gate(struct db *db, bool (*may)(void *arg), void *arg);

/* Run SQL text of one or more statements; rows are dropped. Wrong SQL is ERR_BUG. */
int db_exec(struct db *db, const char *sql, struct err *err);

/* BEGIN IMMEDIATE. Asserts that none is open. */
int db_begin(struct db *db, struct err *err);
/*
 * Returns 0 when durable. On -1 the transaction is rolled back, or its outcome is unknown (ERR_DB
 * only: what was written may be there after the next start).
 */
int db_commit(struct db *db, struct err *err);
/* A no-op when no transaction is open. */
void db_rollback(struct db *db);
bool db_in_transaction(const struct db *db);

/*
 * SAVEPOINT, ROLLBACK TO + RELEASE, RELEASE of the newest savepoint, within a transaction. ERR_DB
 * when the transaction is gone.
 */
int db_savepoint(struct db *db, struct err *err);
int db_savepoint_undo(struct db *db, struct err *err);
int db_savepoint_keep(struct db *db, struct err *err);

/* rows that the last INSERT, UPDATE or DELETE changed. */
int64_t db_changes(const struct db *db);

/*
 * The prepared statement of sql, reset and with all parameters NULL. sql must be one statement and
 * live as long as db. Wrong SQL is our mistake: aborts with SQLite's message. When the file keeps
 * it from being prepared, the first step fails.
 */
struct stmt *db_stmt(struct db *db, const char *sql);

/*
 * Bind by name, ":id". An unknown name aborts. name is a literal: its address is remembered. Text
 * is copied.
 */
void stmt_int(struct stmt *stmt, const char *name, int64_t value);
/* Binds NULL when value is 0 (ids and times: "not set"). */
void stmt_int_or_null(struct stmt *stmt, const char *name, int64_t value);
/* NULL binds NULL. */
void stmt_text(struct stmt *stmt, const char *name, const char *text);
/* Borrows data until the statement is reset. data NULL binds NULL. */
void stmt_blob(struct stmt *stmt, const char *name, const void *data, size_t len);

/* 1 a row, 0 done (the statement is reset), -1 with err (the statement is reset). */
int stmt_step(struct stmt *stmt, struct err *err);
/* Step a statement that gives no rows, or whose row is not wanted; resets. */
int stmt_run(struct stmt *stmt, struct err *err);
/*
 * Run an INSERT of at most one row to its end. Returns 1 and the id that the row got, 0 when none
 * was inserted, or -1. The id is what the statement is RETURNING, or else the table's INTEGER
 * PRIMARY KEY; SQLite knows that without the temporary table that it makes for RETURNING.
 */
int stmt_insert(struct stmt *stmt, int64_t *ret_id, struct err *err);
/*
 * Run an UPDATE of at most one row, the compare and set of a state. Returns 1 when it changed it, 0
 * when there was nothing to change, or -1.
 */
int stmt_update(struct stmt *stmt, struct err *err);
/* What is bound stays bound until db_stmt(). */
void stmt_reset(struct stmt *stmt);

/* Columns from 0. Text and blobs are valid until the next step or reset. */
int64_t stmt_col_int(struct stmt *stmt, int column);      /* NULL gives 0 */
const char *stmt_col_text(struct stmt *stmt, int column); /* NULL gives NULL */
const void *stmt_col_blob(struct stmt *stmt, int column, size_t *ret_len);

#endif
