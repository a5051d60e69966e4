# SPDX-License-Identifier: Apache-2.0
"""service - what argus and hermes are in the drill: healthy when database and Redis answer.

GET /api/health   200 and JSON; 503 when a store does not answer, 500 when this release is broken
GET /whoami       the instance and its version
"""

import concurrent.futures
import http.server
import json
import os
import socket
import struct
import sys

SERVICE = os.environ["SERVICE"]
INSTANCE = os.environ["INSTANCE"]
with open("/app/version", encoding="ascii") as f:
    VERSION = f.read().strip()
BROKEN = os.path.exists("/app/broken")
STORE_TIMEOUT = 0.4
POOL = concurrent.futures.ThreadPoolExecutor(32)  # the lookup of a name knows no deadline


def ask(host, port, question, answers):
    """Raises OSError when it does not answer as expected."""
    with socket.create_connection((host, port), STORE_TIMEOUT) as s:
        s.settimeout(STORE_TIMEOUT)
        s.sendall(question)
        got = s.recv(64)
        if not got.startswith(answers):
            raise OSError(f"unexpected answer {got!r}")


def postgres():
    """Asks whether it speaks TLS: one byte comes back, from a server process of its own."""
    ask("postgres-" + SERVICE, 5432, struct.pack("!ii", 8, 80877103), (b"N", b"S"))


def redis():
    """The cache is empty, or of the format that this release reads."""
    ask("redis", 6379, b"GET format\r\n", (b"$-1\r\n", b"$1\r\n1"))


def stores():
    """{name: "ok" or what is wrong}."""
    if SERVICE == "grafana-stand-in":
        return {}
    told = {}
    asked = [(probe, POOL.submit(probe)) for probe in (postgres, redis)]
    for probe, answer in asked:
        try:
            answer.result(STORE_TIMEOUT)
            told[probe.__name__] = "ok"
        except OSError as e:
            told[probe.__name__] = str(e) or "timed out"
            print(f"connection error: {probe.__name__}: {e}", flush=True)
    return told


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/api/health":
            self.health()
        else:
            self.answer(200, {"instance": INSTANCE, "version": VERSION})

    def health(self):
        told = stores()
        status = 503 if any(v != "ok" for v in told.values()) else 200
        if BROKEN:
            print(f"error: {VERSION}: cannot read its own configuration", flush=True)
            status = 500
        self.answer(status, {"database": told.get("postgres", "ok"), "version": VERSION, **told})

    def answer(self, status, told):
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


print(f"{INSTANCE} {VERSION} starts", flush=True)
try:
    http.server.ThreadingHTTPServer(("", 3000), Handler).serve_forever()
except KeyboardInterrupt:
    sys.exit(0)
