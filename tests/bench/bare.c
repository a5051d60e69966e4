/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bare - the baselines: libmicrohttpd and jansson and nothing else.
 *
 *	bare --port N [--threads T] [--commit FILE]
 *
 * Reads a webhook's body whole, parses it, and answers 200. With --commit each request is recorded
 * in the SQLite database FILE by a transaction of its own (WAL, synchronous=FULL), as a receiver
 * without group commit does. --threads 0 (the default) drives libmicrohttpd from an own epoll with
 * MHD_run(), so that it never waits by itself; T > 0 uses its own pool of T epoll threads.
 */
#include <arpa/inet.h>
#include <getopt.h>
#include <jansson.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define BODY_MAX (16 * 1024 * 1024)

static const char answer[] = "{\"status\":\"success\",\"data\":{\"deliveryId\":1,\"alerts\":1}}\n";

struct bare {
	uint16_t port;
	unsigned threads;
	const char *commit; /* or NULL */
	sqlite3 *db;
	sqlite3_stmt *delivery;
	sqlite3_stmt *decision;
};

struct request {
	char *body;
	size_t len;
	size_t cap;
};

static void __attribute__((noreturn)) die(const char *what, const char *why)
{
	fprintf(stderr, "bare: %s: %s\n", what, why);
	exit(2);
}

/* --- the database --- */

static void run_sql(const struct bare *bare, const char *sql)
{
	char *message = NULL;

	if (sqlite3_exec(bare->db, sql, NULL, NULL, &message) != SQLITE_OK) {
		die(sql, message ? message : "failed");
	}
}

static sqlite3_stmt *prepare(const struct bare *bare, const char *sql)
{
	sqlite3_stmt *stmt = NULL;

	if (sqlite3_prepare_v3(bare->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL) !=
			SQLITE_OK) {
		die(sql, sqlite3_errmsg(bare->db));
	}
	return stmt;
}

static void open_db(struct bare *bare)
{
	if (sqlite3_open(bare->commit, &bare->db) != SQLITE_OK) {
		die(bare->commit, sqlite3_errmsg(bare->db));
	}
	run_sql(bare, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
		      "CREATE TABLE delivery (id INTEGER PRIMARY KEY, receiver TEXT, body BLOB) STRICT;"
		      "CREATE TABLE decision (id INTEGER PRIMARY KEY, delivery INTEGER,"
		      " fingerprint TEXT, alertname TEXT, decision TEXT) STRICT;");
	bare->delivery = prepare(bare, "INSERT INTO delivery (receiver, body) VALUES (?, ?)");
	bare->decision = prepare(bare, "INSERT INTO decision (delivery, fingerprint, alertname,"
				       " decision) VALUES (?, ?, ?, 'repeat')");
}

static void step(const struct bare *bare, sqlite3_stmt *stmt)
{
	if (sqlite3_step(stmt) != SQLITE_DONE) {
		die("insert", sqlite3_errmsg(bare->db));
	}
	sqlite3_reset(stmt);
}

static void record(struct bare *bare, const struct request *request, json_t *root)
{
	json_t *alert;
	size_t i;

	run_sql(bare, "BEGIN IMMEDIATE");
	sqlite3_bind_text(bare->delivery, 1, json_string_value(json_object_get(root, "receiver")),
			-1, SQLITE_STATIC);
	sqlite3_bind_blob(bare->delivery, 2, request->body, (int)request->len, SQLITE_STATIC);
	step(bare, bare->delivery);

	sqlite3_int64 id = sqlite3_last_insert_rowid(bare->db);

	json_array_foreach(json_object_get(root, "alerts"), i, alert)
	{
		json_t *labels = json_object_get(alert, "labels");

		sqlite3_bind_int64(bare->decision, 1, id);
		sqlite3_bind_text(bare->decision, 2,
				json_string_value(json_object_get(alert, "fingerprint")), -1,
				SQLITE_STATIC);
		sqlite3_bind_text(bare->decision, 3,
				json_string_value(json_object_get(labels, "alertname")), -1,
				SQLITE_STATIC);
		step(bare, bare->decision);
	}
	run_sql(bare, "COMMIT");
}

/* --- HTTP --- */

static void add(struct request *request, const char *data, size_t len)
{
	if (len > BODY_MAX - request->len) {
		die("a body", "too long");
	}
	if (request->len + len > request->cap) {
		request->cap = (request->len + len) * 2;
		request->body = realloc(request->body, request->cap);
	}
	memcpy(request->body + request->len, data, len);
	request->len += len;
}

static enum MHD_Result answer_one(
		struct bare *bare, struct MHD_Connection *connection, const struct request *request)
{
	json_t *root = json_loadb(
			request->body, request->len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	unsigned status = json_is_array(json_object_get(root, "alerts")) ? 200 : 400;

	if (status == 200 && bare->commit) {
		record(bare, request, root);
	}
	json_decref(root);

	struct MHD_Response *response = MHD_create_response_from_buffer(
			sizeof(answer) - 1, (void *)(uintptr_t)answer, MHD_RESPMEM_PERSISTENT);

	MHD_add_response_header(response, "Content-Type", "application/json");

	enum MHD_Result rc = MHD_queue_response(connection, status, response);

	MHD_destroy_response(response);
	return rc;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url,
		const char *method, const char *version, const char *data, size_t *len,
		void **state)
{
	struct request *request = *state;

	(void)url;
	(void)method;
	(void)version;
	if (!request) {
		*state = calloc(1, sizeof(*request));
		return MHD_YES;
	}
	if (*len > 0) {
		add(request, data, *len);
		*len = 0;
		return MHD_YES;
	}
	return answer_one(arg, connection, request);
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **state,
		enum MHD_RequestTerminationCode code)
{
	struct request *request = *state;

	(void)arg;
	(void)connection;
	(void)code;
	if (request) {
		free(request->body);
		free(request);
	}
}

static struct MHD_Daemon *start(struct bare *bare)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	unsigned flags = MHD_USE_EPOLL | MHD_USE_ERROR_LOG |
			 (bare->threads ? MHD_USE_INTERNAL_POLLING_THREAD : MHD_NO_FLAG);
	struct MHD_OptionItem pool[] = {
		{ MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)bare->threads, NULL },
		{ MHD_OPTION_END, 0, NULL },
	};

	if (bare->threads < 2) {
		pool[0].option = MHD_OPTION_END;
	}
	address.sin_port = htons(bare->port);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return MHD_start_daemon(flags, bare->port, NULL, NULL, on_request, bare,
			MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address,
			MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
			MHD_OPTION_CONNECTION_LIMIT, 1000U, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
			(size_t)(128 * 1024), MHD_OPTION_LISTEN_BACKLOG_SIZE, 1024U,
			MHD_OPTION_ARRAY, pool, MHD_OPTION_END);
}

/* libmicrohttpd's epoll, watched by ours. */
static void drive(struct MHD_Daemon *daemon)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
	struct epoll_event event = { .events = EPOLLIN };
	int fd = epoll_create1(EPOLL_CLOEXEC);

	if (!info || fd < 0 || epoll_ctl(fd, EPOLL_CTL_ADD, info->epoll_fd, &event) < 0) {
		die("epoll", "cannot be watched");
	}
	for (;;) {
		MHD_UNSIGNED_LONG_LONG wait_ms = 0;
		int timeout = -1;

		MHD_run(daemon);
		if (MHD_get_timeout(daemon, &wait_ms) == MHD_YES) {
			timeout = wait_ms > 1000 ? 1000 : (int)wait_ms;
		}
		epoll_wait(fd, &event, 1, timeout);
	}
}

int main(int argc, char **argv)
{
	static const struct option names[] = {
		{ "port", required_argument, NULL, 'p' },
		{ "threads", required_argument, NULL, 't' },
		{ "commit", required_argument, NULL, 'c' },
		{ NULL, 0, NULL, 0 },
	};
	struct bare bare = { 0 };
	int key;

	while ((key = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (key == 'p') {
			bare.port = (uint16_t)atoi(optarg);
		} else if (key == 't') {
			bare.threads = (unsigned)atoi(optarg);
		} else if (key == 'c') {
			bare.commit = optarg;
		} else {
			return 2;
		}
	}
	if (bare.commit && bare.threads > 0) {
		die("--commit", "one connection to the database, so one thread: leave out --threads");
	}
	if (bare.commit) {
		open_db(&bare);
	}
	signal(SIGPIPE, SIG_IGN);

	struct MHD_Daemon *daemon = start(&bare);

	if (!daemon) {
		die("listen", "failed");
	}
	if (bare.threads == 0) {
		drive(daemon);
	}
	for (;;) {
		pause();
	}
}
