# SPDX-License-Identifier: Apache-2.0
"""What people ordered is written down, in a chain that nobody can bend unseen."""

import hashlib
import json
import os
import signal
import subprocess
import threading

from harness import (
    PLAYBOOKD, alert, ck, ck_decisions, ck_eq, ck_error, ck_in, ck_match, ck_status, delivery,
    wait_until,
)
from test_operate import config, down, exists, must_order, must_start, order, run_count

DAY_MS = 24 * 3600 * 1000
ESCALATION = """
receivers:
  - name: crew
    webhook_configs: [{ url: "http://127.0.0.1:9/" }]
escalation:
  levels:
    - { name: L1, receivers: [crew], respond_within: 1h }
    - { name: L2, receivers: [crew], respond_within: 1h }
"""


def rows_of(d, **query):
    return d.must_get("/api/v1/audit", **query)["audit"]


def actions_of(d):
    return [(row["action"], row["object"]) for row in reversed(rows_of(d))]


def verify(d):
    done = subprocess.run([PLAYBOOKD, "--storage.path=" + d.storage, "verify-audit"],
                          capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, (done.stdout + done.stderr).strip()


def hash_of(row):
    """As include/store/audits.h says."""
    fields = (row["id"], row["atMs"], row["principal"], row["action"], row["object"],
              row["argumentsText"])
    all_of_it = bytes.fromhex(row["prev"])
    for field in fields:
        text = str(field).encode()
        all_of_it += b"%d:%s," % (len(text), text)
    return hashlib.sha256(all_of_it).hexdigest()


# Of what is ordered.


def test_an_order_that_was_carried_out_is_written_down_with_who_what_and_how(t):
    d = t.daemon(config(t))
    incident = d.must_run(down())["incidentId"]
    ck_eq(rows_of(d), [], "after an alert and its run, which nobody ordered")
    must_order(d, f"incidents/{incident}/acknowledge", {"note": "mine"})
    row = rows_of(d)[0]
    ck_eq((row["id"], row["principal"], row["action"], row["object"], row["arguments"]),
          (1, "operator", "acknowledge", f"incident/{incident}", {"note": "mine"}), "row")
    ck(row["at"] and len(row["hash"]) == 64 and row["prev"] == "0" * 64, f"hashes: {row}")
    must_order(d, f"incidents/{incident}/note", {"text": "x" * 3000})
    kept = rows_of(d)[0]
    ck_eq((kept["prev"], kept["arguments"]["text"]), (row["hash"], "x" * 1024 + "…"), "a long one")
    ck_eq(d.must_get("/api/v1/status")["audit"], {"newest": 2, "hash": kept["hash"]}, "status")
    d.wait_log(f'msg=command audit=2 by=operator action=note .*hash={kept["hash"]}')


def test_every_kind_of_order_is_written_down(t):
    d = t.daemon(config(t, head=ESCALATION))
    incident = d.must_run(down())["incidentId"]
    one = f"incidents/{incident}"
    run = must_start(d)["runId"]
    d.wait_run(run)
    held = must_start(d, "hold")["runId"]
    wait_until(lambda: exists(t, "begun"), "the step")
    must_order(d, f"runs/{held}/cancel", {"reason": "no"})
    d.wait_run(held)
    must_order(d, "pause", {"reason": "r", "for": "1h"})
    must_order(d, "pause", method="DELETE")
    told = must_order(d, one + "/replay", {"force": True, "reason": "r"})
    d.wait_run(told["decisions"][0]["runId"])
    told = must_order(d, "deliveries/1/replay", {"force": True, "reason": "again"})
    d.wait_run(told["decisions"][0]["runId"])
    must_order(d, one, {"rootCause": "cat"}, "PATCH")
    must_order(d, one + "/checklist/review", {"done": True}, "PATCH")
    follow_up = must_order(d, one + "/follow-ups", {"text": "a cage"})["id"]
    must_order(d, f"follow-ups/{follow_up}", {"done": True}, "PATCH")
    must_order(d, one + "/escalate", {"reason": "r"})
    must_order(d, one + "/note", {"text": "n"})
    must_order(d, one + "/resolve")
    must_order(d, one + "/close")
    ck_eq(actions_of(d), [
        ("run", "playbook/touch"), ("run", "playbook/hold"), ("cancel", f"run/{held}"),
        ("pause", "pause"), ("resume", "pause"), ("replay", f"incident/{incident}"),
        ("replay_delivery", "delivery/1"), ("change", f"incident/{incident}"),
        ("check", f"incident/{incident}"), ("follow_up", f"incident/{incident}"),
        ("follow_up_change", f"follow-up/{follow_up}"), ("escalate", f"incident/{incident}"),
        ("note", f"incident/{incident}"), ("resolve", f"incident/{incident}"), ("close", f"incident/{incident}"),
    ], "rows")
    by_action = {row["action"]: row["arguments"] for row in rows_of(d)}
    ck_eq(by_action["replay_delivery"], {"dry_run": "false", "force": "true", "reason": "again"},
          "arguments of the replay")
    ck_eq(by_action["check"], {"done": "true", "item": "review"}, "arguments of the item")


def test_what_was_refused_only_asked_or_said_twice_is_no_order(t):
    d = t.daemon(config(t))
    ck_error(order(d, "incidents/9/note", {"text": "x"}), 404, "no incident 9")
    d.must_run(down())
    must_order(d, "playbooks/touch/runs", {"params": {"service": "argus"}, "dry_run": True})
    must_order(d, "deliveries/1/replay?dry_run=true")
    ck_error(order(d, "deliveries/1/replay", {"force": True}), 400, "reason: missing or empty")
    ck_eq(rows_of(d), [], "rows")
    for _ in range(3):
        must_order(d, "incidents/1/note", {"text": "x"}, **{"Idempotency-Key": "k"})
    ck_eq(actions_of(d), [("note", "incident/1")], "rows")


def test_a_yes_is_written_down_without_the_seal_that_the_executor_believes(t):
    d = t.daemon("""
playbooks:
  - name: asks
    matchers: ['alertname="Asks"']
    steps:
      - { name: may we, approve: { within: 10m } }
      - { name: work, run: ["true"] }
""")
    run = d.must_post(delivery(alert("Asks")))["decisions"][0]["runId"]
    digest = d.run(run)["approval"]["digest"]
    must_order(d, f"runs/{run}/approve", {"digest": digest, "reason": "ok"})
    d.wait_run(run)
    row = rows_of(d)[0]
    ck_eq((row["action"], row["object"], row["arguments"]),
          ("approve", f"run/{run}", {"digest": digest, "reason": "ok"}), "row")


def test_a_reload_is_written_down_with_who_asked_for_it(t):
    d = t.daemon(config(t))
    d.write_config(config(t, guards="cooldown: 1m"))
    ck_status(d.request("POST", "/-/reload", operator=True), 200)
    ck_eq(len(rows_of(d)), 1, "the row of the reload")
    d.kill(signal.SIGHUP)
    wait_until(lambda: len(rows_of(d)) == 2, "the row of the signal")
    loaded = d.must_get("/api/v1/status")["config"]["hash"]
    ck_eq([(row["principal"], row["action"], row["object"]) for row in rows_of(d)],
          [("SIGHUP", "reload", "configuration/" + loaded),
           ("operator", "reload", "configuration/" + loaded)], "rows")
    d.write_config("playbooks: 7\n")
    ck_status(d.request("POST", "/-/reload", operator=True), 400)
    ck_eq(len(rows_of(d)), 2, "rows after a reload that failed")


def test_the_audit_has_pages(t):
    d = t.daemon(config(t))
    d.must_run(down())
    for n in range(5):
        must_order(d, "incidents/1/note", {"text": str(n)})
    seen, cursor = [], None
    while True:
        page = d.must_get("/api/v1/audit", limit=2, **({"cursor": cursor} if cursor else {}))
        seen += [row["id"] for row in page["audit"]]
        cursor = page["nextCursor"]
        if not cursor:
            break
    ck_eq(seen, [5, 4, 3, 2, 1], "ids over three pages")


# Of the chain.


def test_whoever_changes_a_row_by_hand_is_noticed(t):
    d = t.daemon(config(t))
    d.must_run(down())
    ck_eq(verify(d), (0, "audit: no rows"), "before the first order")
    for n in range(4):
        must_order(d, "incidents/1/note", {"text": str(n)})
    newest = rows_of(d)[0]["hash"]
    ck_eq(verify(d), (0, f"audit: rows 1 to 4 are intact; the hash of the last is {newest}"),
          "while the daemon runs")
    rows = d.store().execute("SELECT id, at, principal, action, object, arguments, hex(prev),"
                             " lower(hex(hash)) FROM audit").fetchall()
    for row in rows:
        names = ("id", "atMs", "principal", "action", "object", "argumentsText", "prev")
        ck_eq(hash_of(dict(zip(names, row[:7]))), row[7], f"hash of row {row[0]}")
    d.stop()
    store = d.store()
    store.execute("UPDATE audit SET arguments = ? WHERE id = 2", (json.dumps({"text": "no"}),))
    store.commit()
    ck_eq(verify(d), (1, "audit: row 2: it is not what was hashed"), "after a change")


def test_a_store_that_cannot_be_read_is_not_called_whole(t):
    d = t.daemon(config(t))
    d.stop()
    os.unlink(os.path.join(d.storage, "playbookd.db"))
    status, text = verify(d)
    ck_eq(status, 1, "exit status")
    ck_match("^audit: .*playbookd.db", text, "what it says")
    ck(not os.path.exists(os.path.join(d.storage, "playbookd.db")), "it made a store")


def test_the_chain_goes_on_after_the_death_of_the_core(t):
    d = t.daemon(config(t))
    d.must_run(down())
    must_order(d, "incidents/1/note", {"text": "1"})
    mark = d.mark()
    os.kill(d.roles()["core"], signal.SIGKILL)
    d.wait_log('msg="ready to receive alerts"', after=mark)
    wait_until(lambda: d.get("/-/ready").status == 200, "the core")
    must_order(d, "incidents/1/note", {"text": "2"})
    ck_eq(verify(d)[0], 0, "exit status")
    ck_eq([row["id"] for row in rows_of(d)], [2, 1], "ids")


# Replays.


def test_a_delivery_is_replayed_once_for_its_key(t):
    d = t.daemon(config(t))
    d.must_run(down())
    answers = []

    def send():
        answers.append(order(d, "deliveries/1/replay", None, **{"Idempotency-Key": "k"}))

    threads = [threading.Thread(target=send) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ck_eq([a.status for a in answers], [200] * 100, "statuses")
    ck_eq({a.data["decisions"][0]["runId"] for a in answers}, {2}, "runs told")
    d.wait_run(2)
    ck_eq((run_count(d), t.read("ran").count("\n"), len(rows_of(d))), (2, 2, 1),
          "runs, effects, orders")
    ck_error(order(d, "deliveries/1/replay", {"force": True, "reason": "r"},
                   **{"Idempotency-Key": "k"}), 409, "was used for another command")


def age(d, ms):
    """The daemon does not run: all that it was told, it was told so much earlier."""
    store = d.store()
    store.execute("UPDATE delivery SET received_at = received_at - ?", (ms,))
    store.execute("UPDATE episode SET last_seen = last_seen - ?", (ms,))
    store.commit()
    store.close()


def test_what_was_last_heard_of_a_month_ago_is_not_replayed(t):
    d = t.daemon(config(t))
    incident = d.must_run(down())["incidentId"]
    d.stop()
    age(d, 30 * DAY_MS)
    d = t.daemon(config(t), name="a-month-later")
    told = must_order(d, "deliveries/1/replay")
    ck_decisions(told, ["too_old"])
    ck_match(r"^the alert was last received 30d.* ago, max_replay_age is 7d$",
             told["decisions"][0]["reason"], "reason")
    again = must_order(d, f"deliveries/{told['deliveryId']}/replay")
    ck_decisions(again, ["too_old"])  # a replay of it is no younger
    ck_decisions(must_order(d, "deliveries/1/replay?dry_run=true"), ["too_old"])
    ck_error(order(d, f"incidents/{incident}/replay"), 409, "last received 30d")
    ck_eq(run_count(d), 1, "runs")
    forced = must_order(d, "deliveries/1/replay", {"force": True, "reason": "it broke again"})
    ck_decisions(forced, ["queued"])
    run = d.wait_run(forced["decisions"][0]["runId"])
    ck_eq((run["trigger"], run["forced"], run["requestReason"]),
          ("replay", True, "it broke again"), "run")
    ck_in("forced", forced["decisions"][0]["reason"], "reason")


def test_any_age_may_be_replayed_where_the_configuration_says_so(t):
    d = t.daemon(config(t))
    d.must_run(down())
    d.stop()
    age(d, 30 * DAY_MS)
    d = t.daemon(config(t, head="global: { max_replay_age: 0s }\n"), name="a-month-later")
    told = must_order(d, "deliveries/1/replay")
    ck_decisions(told, ["queued"])
    d.wait_run(told["decisions"][0]["runId"])
