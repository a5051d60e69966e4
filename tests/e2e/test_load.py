# SPDX-License-Identifier: Apache-2.0
"""Many connections, many alerts, and clients that are in no hurry."""

import http.client
import socket
import threading
import time

from harness import Answer, alert, ck, ck_eq, delivery, limit

CONFIG = "playbooks: []\n"
PROMPT = 5  # seconds, under a sanitizer on a busy machine


def ck_each_is_answered(d, connections, round_no):
    for i, connection in enumerate(connections):
        began = time.monotonic()
        connection.request("GET", "/-/healthy")
        answer = Answer(connection.getresponse())
        took = time.monotonic() - began
        ck_eq(answer.status, 200, f"status on connection {i}, round {round_no}")
        ck(took < PROMPT, f"connection {i} of {len(connections)} waited {took:.1f} s")


def test_connections_around_the_powers_of_two_are_each_answered(t):
    d = t.daemon(CONFIG)
    for count in (127, 128, 129, 256):
        connections = [http.client.HTTPConnection(d.host, d.port, timeout=20)
                       for _ in range(count)]
        try:
            ck_each_is_answered(d, connections, 1)
            ck_each_is_answered(d, connections, 2)
        finally:
            for connection in connections:
                connection.close()


def test_256_connections_at_once_each_deliver(t):
    d = t.daemon(CONFIG)
    wrong = []

    def client(n):
        try:
            d.must_post(delivery(alert("Down", instance=str(n))))
        except Exception as e:  # told by the test, not by the thread
            wrong.append(f"{n}: {e}")

    threads = [threading.Thread(target=client, args=(n,)) for n in range(256)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    ck_eq(wrong, [], "failures")
    decisions = d.store().execute("SELECT count(*) FROM decision").fetchone()[0]
    ck_eq(decisions, 256, "decisions")


def test_slow_clients_do_not_keep_others_waiting(t):
    """900 connections, each with half a request, and one that means it."""
    d = t.daemon(CONFIG)
    slow = []
    try:
        for _ in range(900):
            s = socket.create_connection((d.host, d.port), 10)
            s.sendall(b"POST /api/v1/alerts HTTP/1.1\r\nHost: localhost\r\nContent-")
            slow.append(s)
        for i in range(20):
            began = time.monotonic()
            d.must_post(delivery(alert("Down", instance=str(i))))
            ck(time.monotonic() - began < PROMPT, "it waited for the slow ones")
    finally:
        for s in slow:
            s.close()


def test_more_connections_than_there_is_room_for_refuse_nobody_for_long(t):
    """Beyond the limit of 1,000 the idlest go; a client that comes then is served."""
    d = t.daemon(CONFIG)
    slow = []
    try:
        for _ in range(1100):
            s = socket.create_connection((d.host, d.port), 10)
            s.sendall(b"GET /-/hea")
            slow.append(s)
        began = time.monotonic()
        d.must_post(delivery(alert("Down")))
        ck(time.monotonic() - began < PROMPT, "it waited for the slow ones")
    finally:
        for s in slow:
            s.close()


def test_a_client_that_goes_away_after_its_delivery_loses_nothing(t):
    """F26: the sender's timeout after our commit; its retry is a duplicate."""
    d = t.daemon(CONFIG)
    body = b'{"alerts":[{"status":"firing","labels":{"alertname":"Down"}}]}'
    with socket.create_connection((d.host, d.port), 10) as s:
        s.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                  b"Content-Length: %d\r\n\r\n" % len(body) + body)
    data = d.must_post(body)
    while data["decisions"][0]["decision"] == "unmatched":
        data = d.must_post(body)
    ck_eq(data["decisions"][0]["decision"], "duplicate", "decision")
    ck_eq(len(d.must_get("/api/v1/incidents")["incidents"]), 1, "incidents")


@limit(90)
def test_1000_deliveries_of_4_clients_get_a_decision_each(t):
    d = t.daemon(CONFIG)
    acked = []

    def client(n):
        connection = d.connect()
        for i in range(250):
            d.must_post(delivery(alert("Down", instance=f"{n}-{i}")), connection=connection)
            acked.append(f"{n}-{i}")
        connection.close()

    threads = [threading.Thread(target=client, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(80)
    ck_eq(len(acked), 1000, "acknowledged")
    ck_eq(d.store().execute("SELECT count(*) FROM decision").fetchone()[0], 1000, "decisions")
    ck_eq(d.store().execute("PRAGMA integrity_check").fetchone()[0], "ok", "integrity")
