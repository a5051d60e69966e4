# SPDX-License-Identifier: Apache-2.0
"""Who is called, when, why, and in which words: the matrix of the runbook, with times of seconds."""

import os
import signal

from harness import (PLAYBOOKD, ROOT, alert, ck, ck_eq, ck_error, ck_in, ck_match, ck_status,
                     delivery, resolved, wait_until, write_file)
from test_receivers import Catcher

WHO = {"on-call": "L1", "senior": "L2", "lead": "L3", "manager": "L4"}

RULES = """
  raise:
    - { level: L3, matchers: ['alertname="Down"'], distinct: service, at_least: 2 }
    - { level: L4, matchers: ['alertname="Down"'], distinct: service, at_least: 3 }
"""

# A playbook whose steps, verify and level the tests choose.
PLAYBOOK = """
checks: [{ name: well, command: [test, -e, "%s"], timeout: 2s }]
playbooks:
  - name: fix
    matchers: ['alertname="Down"']
    incident: { title: "${service} is down", group_by: [alertname, service], level: L1 }
    params: { service: { from: labels.service, pattern: "[a-z]+" } }
    steps: [{ name: fix, script: "%s" }]
    verify: [{ check: well }]
"""


class People:
    """A catcher for each level, and a configuration that calls them."""

    def __init__(self, t, within="1h", hold="0s", update_every="0s", rules="", levels=tuple(WHO)):
        self.t, self.catchers = t, {name: Catcher() for name in WHO}
        t.things += self.catchers.values()
        receivers = "".join(f"  - {{ name: {name}, webhook_configs: [{{ url: '{c.url}' }}] }}\n"
                            for name, c in self.catchers.items())
        named = "".join(f"    - {{ name: {WHO[name]}, receivers: [{name}], "
                        f"respond_within: {within} }}\n" for name in levels)
        self.config = (f"receivers:\n{receivers}escalation:\n  hold: {hold}\n"
                       f"  update_every: {update_every}\n  levels:\n{named}{rules}")

    def playbook(self, script="true"):
        return PLAYBOOK % (self.t.path("well"), script)

    def kinds(self, name):
        """What somebody was told, in order."""
        return [body["kind"] for _, _, body in self.catchers[name].posts]

    def all_kinds(self):
        return {name: self.kinds(name) for name in WHO}

    def wait(self, name, count, timeout=20):
        """The texts of what somebody was told, once there are so many."""
        return [body["text"] for _, _, body in self.catchers[name].wait_posts(count, timeout)]


def fire(d, service="argus", name="Down", **labels):
    a = alert(name, service=service, severity="critical", **labels)
    return a, d.must_post(delivery(a))["decisions"][0]["incidentId"]


def levels_of(d, incident):
    return [e["level"] for e in d.incident(incident)["escalations"]]


def wait_all_sent(d, incident):
    """What is not known as sent is sent again by the next core."""
    wait_until(lambda: all(n["status"] == "sent" for n in d.incident(incident)["notifications"]),
               "what was sent to be known as sent")


def operate(d, path, **body):
    return d.request("POST", path, body, operator=True)


def test_unacknowledged_the_chain_goes_up_and_each_level_is_told_once(t):
    people = People(t, within="1s")
    d = t.daemon(people.config)
    _, incident = fire(d, name="Nobodys")
    for name in WHO:
        people.wait(name, 1)
    ck_eq(people.all_kinds(), {"on-call": ["initial"], "senior": ["escalation"],
                               "lead": ["escalation"], "manager": ["escalation"]})
    ck_match(r"Reason: nobody acknowledged within 1s of L1\n", people.wait("senior", 1)[0])
    shown = d.incident(incident)
    ck_eq(shown["level"], "L4")
    ck_eq([(e["level"], e["by"]) for e in shown["escalations"]],
          [("L1", "playbookd"), ("L2", "playbookd"), ("L3", "playbookd"), ("L4", "playbookd")])
    ck_eq(shown["escalations"][0]["reason"], "no playbook matches this alert")
    ck_eq(shown["nextEscalationAt"], None)
    times = [e["at"] for e in shown["escalations"]]
    ck(times == sorted(times), f"times: {times}")
    ck_match(r'playbookd_escalation_calls_total\{level="L4"\} 1\n',
             d.get("/metrics").body.decode())


def test_acknowledged_nobody_else_is_called_and_the_end_is_told(t):
    people = People(t, within="6s")
    d = t.daemon(people.config)
    a, incident = fire(d, name="Nobodys")
    people.wait("on-call", 1)
    ck(d.incident(incident)["nextEscalationAt"], "nothing is due")
    ck_status(operate(d, f"/api/v1/incidents/{incident}/acknowledge"), 200)
    ck_eq(d.incident(incident)["nextEscalationAt"], None)
    # another incident's chain shows that the time of this one has passed
    fire(d, name="Others")
    people.wait("senior", 1)
    ck_eq(levels_of(d, incident), ["L1"])
    d.must_post(delivery(resolved(a)))
    text = [text for text in people.wait("on-call", 3) if text.startswith("[RESOLVED]")]
    ck_match(r"(?s)^\[RESOLVED\] Nobodys on argus\n.*Root Cause: not known yet\n", text[0])
    ck_eq(people.kinds("on-call").count("resolved"), 1)


def test_a_run_that_failed_calls_one_level_more_at_once(t):
    people = People(t)
    d = t.daemon(people.config + people.playbook("exit 3"))
    _, incident = fire(d)
    ck_match(r"Reason: run 1 \(fix\) failed: fix: exit status 3\n", people.wait("senior", 1)[0])
    ck_eq(levels_of(d, incident), ["L1", "L2"])
    ck_eq(people.all_kinds(), {"on-call": ["initial"], "senior": ["escalation"], "lead": [],
                               "manager": []})


def test_a_verify_that_failed_calls_one_level_more_although_the_hold_goes_on(t):
    people = People(t, hold="1h")
    d = t.daemon(people.config + people.playbook())
    _, incident = fire(d)
    ck_match(r"Reason: run 1 \(fix\) failed: verify", people.wait("senior", 1)[0])
    ck_eq(levels_of(d, incident), ["L1", "L2"])
    ck_eq(people.wait("on-call", 1)[0].split("\n")[0], "[INCIDENT] argus is down")


def test_mitigated_within_the_hold_tells_nobody(t):
    people = People(t, hold="6s", within="7s")
    d = t.daemon(people.config + people.playbook(f"touch {t.path('well')}"))
    a, incident = fire(d)
    d.wait_run(1)
    ck_eq(d.incident(incident)["status"], "mitigated")
    fire(d, name="Others")  # needs a person at once, and after the hold of the first another
    people.wait("senior", 1)
    d.must_post(delivery(resolved(a)))
    ck_eq(d.incident(incident)["escalations"], [])
    ck(all("Others" in text for text in people.wait("on-call", 1)), "somebody was told")


def test_two_services_call_the_third_level_once_and_all_of_them_the_fourth(t):
    people = People(t, rules=RULES)
    d = t.daemon(people.config)
    a, b = alert("Down", service="argus"), alert("Down", service="hermes")
    d.must_post(delivery(a, b))
    text = people.wait("lead", 1)[0]
    ck_in("Affected Services: argus, hermes\n", text)
    ck_in("Reason: 2 firing at the same time (service): argus, hermes\n", text)
    ck_in("Incidents: 1 Down on argus; 2 Down on hermes\n", text)
    ck_eq([levels_of(d, i) for i in (1, 2)], [["L1", "L3"], ["L1", "L3"]])
    ck_eq(people.kinds("manager"), [])
    fire(d, service="iris")
    ck_in("Affected Services: argus, hermes, iris\n", people.wait("manager", 1)[0])
    people.wait("lead", 2)
    ck_eq([levels_of(d, i) for i in (1, 2, 3)],
          [["L1", "L3", "L4"], ["L1", "L3", "L4"], ["L1", "L3", "L4"]])
    ck_eq(people.kinds("lead"), ["escalation"] * 2)  # of the two, then of the third
    ck_eq(people.kinds("manager"), ["escalation"])
    d.must_post(delivery(resolved(b)))
    ck_in("[RESOLVED] Down on hermes", people.wait("manager", 2)[1])


def test_updates_come_at_the_promised_time(t):
    people = People(t, update_every="1s")
    d = t.daemon(people.config)
    a, incident = fire(d, name="Nobodys")
    texts = people.wait("on-call", 3)
    ck_eq(people.kinds("on-call")[:3], ["initial", "update", "update"])
    ck_match(r"Next Update: \d{4}-\d\d-\d\d \d\d:\d\d UTC\n", texts[0])
    ck_in("Status: Investigating\n", texts[1])
    ck(d.incident(incident)["nextUpdateAt"], "none is promised")
    d.must_post(delivery(resolved(a)))
    wait_until(lambda: "resolved" in people.kinds("on-call"), "the end is told")
    ck_eq(d.incident(incident)["nextUpdateAt"], None)


def test_a_restart_in_the_middle_of_a_chain_tells_nobody_twice_and_is_not_late(t):
    people = People(t, within="3s", levels=("on-call", "senior"))
    d = t.daemon(people.config)
    _, incident = fire(d, name="Nobodys")
    people.wait("on-call", 1)
    wait_all_sent(d, incident)
    due = d.incident(incident)["nextEscalationAt"]
    d.kill()
    d.wait_exit()
    d = t.daemon(people.config, name="again")
    ck_in(d.incident(incident)["nextEscalationAt"], (due, None))  # None: it came in between
    people.wait("senior", 1)
    wait_all_sent(d, incident)
    called = d.incident(incident)["escalations"][1]["at"]
    ck(due <= called, f"called at {called}, before {due}")
    core = d.roles()["core"]
    os.kill(core, signal.SIGKILL)
    wait_until(lambda: d.roles()["core"] != core, "another core")
    ck_eq(levels_of(d, incident), ["L1", "L2"])
    ck_eq(people.all_kinds(), {"on-call": ["initial"], "senior": ["escalation"], "lead": [],
                               "manager": []})


def test_other_levels_hold_after_a_reload(t):
    people = People(t, within="6s", levels=("on-call", "senior"))
    d = t.daemon(people.config)
    _, incident = fire(d, name="Nobodys")
    people.wait("on-call", 1)
    d.put_in_force(people.config.replace("name: L2, receivers: [senior]",
                                         "name: L3, receivers: [lead]"))
    people.wait("lead", 1)
    ck_eq(levels_of(d, incident), ["L1", "L3"])
    ck_eq(people.kinds("senior"), [])


def test_a_person_calls_a_level_once_for_one_key(t):
    people = People(t)
    d = t.daemon(people.config)
    a, incident = fire(d, name="Nobodys")
    people.wait("on-call", 1)
    path = f"/api/v1/incidents/{incident}/escalate"
    ck_status(d.request("POST", path, {"reason": "x"}), 401)
    ck_error(operate(d, path), 400, "reason: missing")
    ck_error(operate(d, path, reason="x", level="L7"), 400, "level: expected one of L1, L2, L3, L4")
    for _ in range(2):
        answer = d.request("POST", path, {"level": "L3", "reason": "I need the lead"},
                           {"Idempotency-Key": "k"}, operator=True)
        ck_status(answer, 200)
        ck_eq(answer.data["level"], "L3")
        ck_eq([(e["level"], e["by"], e["reason"]) for e in answer.data["escalations"]][1],
              ("L3", "operator", "I need the lead"))
    ck_in("Reason: I need the lead\n", people.wait("lead", 1)[0])
    ck_error(operate(d, path, reason="x", level="L2"), 409, "a level is never lowered")
    ck_eq(operate(d, path, reason="more").data["level"], "L4")
    ck_error(operate(d, path, reason="more"), 409, "there is no level above")
    d.must_post(delivery(resolved(a)))
    ck_error(operate(d, path, reason="more"), 409, f"incident {incident} is resolved")
    ck_error(operate(d, "/api/v1/incidents/99/escalate", reason="x"), 404, "no incident 99")
    ck_eq(len(people.wait("lead", 2)), 2)
    raised = [e["text"] for e in d.must_get(f"/api/v1/incidents/{incident}/timeline")["timeline"]
              if e["kind"] == "raised"]
    ck_eq(raised[1], "L3 was paged: I need the lead")


def test_without_levels_nobody_can_be_called(t):
    d = t.daemon("{}\n")
    _, incident = fire(d)
    ck_error(operate(d, f"/api/v1/incidents/{incident}/escalate", reason="x"), 409,
             "no levels of escalation")
    ck_eq(d.incident(incident)["level"], None)


def test_the_templates_of_the_runbook_are_rendered_word_for_word(t):
    folder = os.path.join(ROOT, "config/opareta/templates")
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), encoding="utf-8") as f:
            write_file(t.path("templates/" + name), f.read())
    path = t.write("main.yml", "template_files: ['templates/*.txt']\n")
    status, out, err = t.command(PLAYBOOKD, "check-config", "--render", path)
    ck_eq((status, err), (0, ""))
    ck_in("""--- initial ---
[INCIDENT] Opareta Service Degradation
Time: 2026-11-25 02:26 UTC
Severity: Critical
Affected Services: argus, hermes
Status: Investigating
Next Update: 2026-11-25 02:56 UTC
""", out)
    ck_in("""--- resolved ---
[RESOLVED] Opareta Service Degradation
Time: 2026-11-25 02:26 UTC
Duration: 12 minutes
Root Cause: the disk of its database was full
Resolution: old logs were removed
Follow-up: a bigger disk
""", out)
    write_file(t.path("templates/update.txt"), "Update\n${tmie}\n")
    status, _, err = t.command(PLAYBOOKD, "check-config", path)
    ck_eq(status, 1)
    ck_in("templates/update.txt:2:1: error: unknown name '${tmie}', did you mean '${time}'?", err)


def test_what_people_wrote_is_in_the_last_letter(t):
    people = People(t)
    d = t.daemon(people.config)
    a, incident = fire(d, name="Nobodys")
    people.wait("on-call", 1)
    ck_status(d.request("PATCH", f"/api/v1/incidents/{incident}",
                        {"rootCause": "a full disk", "resolution": "logs removed"},
                        operator=True), 200)
    ck_status(operate(d, f"/api/v1/incidents/{incident}/follow-ups", text="a bigger disk"), 200)
    ck_status(operate(d, f"/api/v1/incidents/{incident}/resolve", reason="done"), 200)
    text = people.wait("on-call", 2)[1]
    ck_in("Root Cause: a full disk\nResolution: logs removed\nFollow-up: a bigger disk\n", text)
    d.must_post(delivery(resolved(a)))
    ck_status(operate(d, f"/api/v1/incidents/{incident}/close"), 200)
    fire(d, name="Others")
    people.wait("on-call", 3)
    ck_eq(people.kinds("on-call").count("resolved"), 1)


def test_an_incident_that_ends_before_its_verify_names_the_run_in_the_last_letter(t):
    people = People(t)
    d = t.daemon(people.config + people.playbook().replace(
        "check: well }", "check: well, within: 30s, every: 100ms }"))
    a, _ = fire(d)
    people.wait("on-call", 1)
    wait_until(lambda: d.run(1)["status"] == "verifying", "the run to be verified")
    d.must_post(delivery(resolved(a)))
    ck_in("Resolution: playbook fix (run 1, not verified yet)\n", people.wait("on-call", 2)[1])
    write_file(t.path("well"), "")
    d.wait_run(1)
