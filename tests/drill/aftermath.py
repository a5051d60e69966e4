# SPDX-License-Identifier: Apache-2.0
"""aftermath - what people do about an incident over REST, and the log that comes of it."""

import re

from harness import ck, ck_eq, ck_in, ck_match, ck_status, wait_until

SECTIONS = ("Summary", "Impact", "Times", "Timeline", "Runs",
            "Decisions", "Notifications", "Root cause", "Resolution",
            "Follow-ups", "Checklist", "Alert effectiveness")
CHECKLIST = ("document", "review", "update", "schedule", "create")  # the runbook's five points
ROOT_CAUSE = "a deployment took the memory of both"
RESOLUTION = "the deployment was taken back, both were started again"
FOLLOW_UP = "a limit for the memory of deployments"


def acknowledge(s):
    """Somebody has it in hand: nobody else is called from here on."""
    told = s.order(f"incidents/{s.incident_id}/acknowledge", {"note": "I look into it"})
    ck_eq(told["nextEscalationAt"], None, "the next escalation, after somebody acknowledged")


def write_down(s):
    """What the runbook wants known; a follow-up becomes a ticket."""
    path = f"incidents/{s.incident_id}"
    s.order(path + "/note", {"text": "the graphs show it from the deployment on"})
    s.order(path, {"rootCause": ROOT_CAUSE, "resolution": RESOLUTION}, "PATCH")
    s.order(path + "/follow-ups", {"text": FOLLOW_UP, "owner": "ops", "receiver": "tickets"})
    ticket = wait_until(s.stage.people.tickets, "the ticket")
    ck_eq([(t["kind"], t["incident"]["id"]) for t in ticket], [("ticket", s.incident_id)], "tickets")
    ck_in(FOLLOW_UP, ticket[0]["text"], "ticket")


def finish(s):
    """The checklist, closed, and the post-incident log, once all have been told."""
    path = f"incidents/{s.incident_id}"
    for item in CHECKLIST:
        s.order(f"{path}/checklist/{item}", {"done": True, "note": "drilled"}, "PATCH")
    s.wait_sent()
    closed = s.order(path + "/close", {"reason": "written up"})
    ck_eq((closed["status"], closed["postmortemDue"]), ("closed", False), "closed")
    ck_log(s, closed)


def section(text, name):
    return re.search(rf"\n## {re.escape(name)}\n(.*?)(?=\n## |\Z)", text, re.S).group(1)


def ck_log(s, incident):
    """postmortem.md is complete: who did what, when, and who was told; nothing is left to be
    written."""
    answer = s.daemon.get(f"/api/v1/incidents/{incident['id']}/postmortem.md")
    ck_status(answer, 200)
    text = answer.body.decode().replace("\\", "")  # Markdown's escapes
    ck_eq(tuple(re.findall(r"^## (.*)$", text, re.M)), SECTIONS, "sections")
    run = section(text, "Runs")
    for one in incident["runs"]:
        ck_in(f"### Run {one['id']} of {one['playbook']}", run, "runs")
        for step in s.daemon.run(one["id"])["steps"]:
            ck_in(f"**{step['name']}**", run, "steps of the log")
    ck_log_of_people(section(text, "Notifications"), incident)
    ck_in(ROOT_CAUSE, section(text, "Root cause"), "root cause")
    ck_in(RESOLUTION, section(text, "Resolution"), "resolution")
    ck_in(FOLLOW_UP + ", sent to tickets", section(text, "Follow-ups"), "follow-ups")
    ck_eq(len(re.findall(r"- \[x\] .* by operator", section(text, "Checklist"))), 5, "checklist")
    for called in incident["escalations"]:
        ck_in(f"{called['level']} was paged", section(text, "Timeline"), "levels")
    for entry in s.timeline(incident["id"]):
        ck_in(entry["at"][11:19], section(text, "Timeline"), f"time of {entry['kind']}")


def ck_log_of_people(told, incident):
    ck(incident["notifications"], "nobody was told")
    for notice in incident["notifications"]:
        ck_match(rf"\*\*{notice['receiver']}\*\* \({notice['kind']}\).*sent at ", told, "who was told")
