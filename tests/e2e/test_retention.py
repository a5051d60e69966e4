# SPDX-License-Identifier: Apache-2.0
"""What is older than --data.retention goes; what is open stays."""

import os
import time

from harness import alert, ck, ck_eq, delivery, resolved, wait_until

CONFIG = """
playbooks:
  - name: p
    matchers: ['alertname="Down"']
    steps: [{ name: n, run: [echo, hello] }]
"""


def test_what_is_over_goes_after_its_time_and_what_is_open_stays(t):
    d = t.daemon(CONFIG)
    over, still = alert("Down", instance="over"), alert("Down", instance="still")
    gone = d.must_run(delivery(over))
    kept = d.must_run(delivery(still))
    d.must_post(delivery(resolved(over)))
    d.must_run(delivery(alert("Down", instance="newest")))
    d.stop()
    wait_until(lambda: age(d, gone) > 2, "the retention to pass", every=0.2)
    d = t.daemon(None, name="again", flags=["--data.retention=2s"])
    wait_until(lambda: d.get(f"/api/v1/runs/{gone['id']}").status == 404, "the old run to go")
    wait_until(lambda: d.get(f"/api/v1/incidents/{gone['incidentId']}").status == 404,
               "the old incident to go")
    ck(not os.path.exists(os.path.join(d.storage, "runs", str(gone["id"]))), "its folder stays")
    ck_eq(d.run(kept["id"])["status"], "succeeded", "the run of an open incident")
    ck_eq(d.incident(kept["incidentId"])["status"], "firing", "the open incident")


def age(d, run):
    """Seconds since the run's folder was last changed."""
    return time.time() - os.path.getmtime(os.path.join(d.storage, "runs", str(run["id"])))
