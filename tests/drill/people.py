# SPDX-License-Identifier: Apache-2.0
"""people - who is told: an incoming webhook for each receiver, and a mail server for all of them.

Both keep what they got. What is expected of a letter is written as the runbook has it, line by line,
with the values that belong there.
"""

import collections
import datetime
import email
import email.policy
import html
import json
import os
import re

import harness
from harness import ck, ck_eq, wait_until, write_file
from test_receivers import Catcher

LEVELS = {"L1": "on-call", "L2": "senior-engineer", "L3": "tech-lead", "L4": "engineering-manager"}
RECEIVERS = tuple(LEVELS.values())
TICKETS = "tickets"
MAIL_HOST, MAIL_PORT, DOMAIN = "mail.opareta.example", 587, "opareta.example"
LOGIN = "playbookd:drill-password"
SECRETS = "/etc/playbookd/secrets"
PYTHON = "/usr/bin/python3"  # the one that has Debian's aiosmtpd
KINDS = {"INCIDENT": "initial", "ESCALATION": "escalation", "UPDATE": "update",
         "RESOLVED": "resolved"}

# The communication templates of the runbook.
INITIAL = """[INCIDENT] Opareta Service Degradation
Time: {time}
Severity: {severity}
Affected Services: {services}
Status: Investigating
Next Update: {next_update}"""
RESOLVED = """[RESOLVED] Opareta Service Degradation
Time: {time}
Duration: {duration}
Root Cause: {root_cause}
Resolution: {resolution}
Follow-up: {follow_up}"""
# What playbookd says when a level is called that is not the incident's own.
ESCALATION = """[ESCALATION {level}] {title}
Time: {time}
Reason: {reason}
Severity: {severity}
Affected Services: {services}
Status: {status}
Next Update: {next_update}
Incidents: {incidents}{details}"""
DETAILS = re.compile(r"(\n(Summary|Description|Runbook|Alerts|Tried): .*)*")
MINUTE = r"\d{4}-\d\d-\d\d \d\d:\d\d UTC"

# kind, and a pattern of the whole text.
Wanted = collections.namedtuple("Wanted", "kind pattern")


def filled(template, **values):
    """The template as a pattern; what is no str already is a compiled pattern of its own."""
    parts = re.split(r"\{(\w+)\}", template)
    return "".join(re.escape(part) if i % 2 == 0 else
                   values[part].pattern if isinstance(values[part], re.Pattern) else
                   re.escape(values[part]) for i, part in enumerate(parts))


def epoch(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def minute(when):
    """A time of the API, or seconds, as people are told it."""
    when = epoch(when) if isinstance(when, str) else when
    return datetime.datetime.fromtimestamp(when, datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")


def lasted(incident):
    """From opened to resolved, in words."""
    ms = round((epoch(incident["resolvedAt"]) - epoch(incident["openedAt"])) * 1000)
    count, unit = (ms // 60000, "minute") if ms >= 60000 else (ms // 1000, "second")
    return f"{count} {unit}{'' if count == 1 else 's'}"


def initial(incident, services, severity, update_s):
    """update_s: how long after the call the next update is promised. Its time is when it began."""
    called = epoch(incident["escalations"][0]["at"])
    promised = "|".join(sorted({minute(called + update_s + s) for s in (-1, 0, 1)}))
    return Wanted("initial", filled(INITIAL, time=minute(incident["openedAt"]), severity=severity,
                                    services=services, next_update=re.compile(f"({promised})")))


def resolved(incident, root_cause="not known yet", resolution="not known yet",
             follow_up="none yet"):
    return Wanted("resolved", filled(RESOLVED, time=minute(incident["resolvedAt"]),
                                     duration=lasted(incident), root_cause=root_cause,
                                     resolution=resolution, follow_up=follow_up))


def resolved_of(incident):
    """The end of an incident of several: with whatever helped it."""
    return resolved(incident, resolution=re.compile(r"(playbook \S+ \(run \d+(, not verified yet)?\)|not known yet)"))


def escalation(incident, level, reason, services, severity="Critical"):
    """reason: a pattern."""
    raised = [e for e in incident["escalations"] if e["level"] == level]
    ck_eq(len(raised), 1, f"calls of {level} in {incident['escalations']}")
    return Wanted("escalation", filled(
        ESCALATION, details=DETAILS, level=level, title=incident["title"], time=minute(raised[0]["at"]),
        reason=re.compile(reason), severity=severity, services=services,
        status=re.compile("(Investigating|Mitigated, .*), for .*"), next_update=re.compile(MINUTE),
        incidents=re.compile(rf".*\b{incident['id']} .*")))


def kind_of(text):
    match = re.match(r"\[(\w+)", text)
    return KINDS.get(match.group(1), "other") if match else "other"


class People:
    """Started once; a scenario asks what has come since forget()."""

    def __init__(self, stage):
        self.catchers = {name: Catcher() for name in (*RECEIVERS, TICKETS)}
        stage.things += self.catchers.values()
        self.mail = self._start_mail(stage)
        self.mark = 0
        write_file(f"{SECRETS}/smtp.password", LOGIN.split(":")[1] + "\n")
        for name, catcher in self.catchers.items():
            write_file(f"{SECRETS}/{name}.url", catcher.url + "\n")

    def _start_mail(self, stage):
        cert, key = certificate(stage, MAIL_HOST)
        with open("/etc/ssl/certs/ca-certificates.crt", "a", encoding="ascii") as f:
            f.write(harness.read_file(cert))
        with open("/etc/hosts", "a", encoding="ascii") as f:
            f.write(f"127.0.0.1 {MAIL_HOST}\n")
        server = stage.start("mail", PYTHON, os.path.join(harness.HERE, "smtp_server.py"),
                             "--port", str(MAIL_PORT), "--cert", cert, "--key", key,
                             "--auth", LOGIN)
        server.wait_log(f"listening {MAIL_PORT}")
        return server

    def forget(self):
        for catcher in self.catchers.values():
            with catcher.more:
                catcher.posts.clear()
        self.mark = self.mail.mark()

    def posted(self, name):
        """Texts that came by webhook, as Slack would show them, without the bold of the subject."""
        with self.catchers[name].more:
            bodies = [body for _, _, body in self.catchers[name].posts]
        return [re.sub(r"\A\*(.*)\*", r"\1", html.unescape(body["text"])).rstrip()
                for body in bodies]

    def tickets(self):
        with self.catchers[TICKETS].more:
            return [body for _, _, body in self.catchers[TICKETS].posts]

    def mailed(self, name):
        """Texts that came by mail; sent with TLS and the login, all of them."""
        texts = []
        with self.mail.more:
            lines = [line for line in self.mail.lines[self.mark:] if line and line[0] == "{"]
        for envelope in map(json.loads, lines):
            ck(envelope["tls"] and envelope["user"] == LOGIN.split(":")[0], f"mail {envelope}")
            if envelope["to"] == [f"{name}@{DOMAIN}"]:
                message = email.message_from_string(envelope["content"],
                                                    policy=email.policy.default)
                text = message.get_content().replace("\r", "").rstrip()
                ck_eq(message["Subject"], text.split("\n")[0], "subject")
                texts.append(text)
        return texts

    def counts(self):
        return {name: (len(self.posted(name)), len(self.mailed(name))) for name in RECEIVERS}

    def ck_told(self, wanted, updates):
        """Exactly that, by each of the two ways, once. wanted: {receiver: [Wanted]}; updates: how
        many at most may have come beside it."""
        def arrived():
            return all(len(without_updates(texts)) >= len(wanted.get(name, []))
                       for name in RECEIVERS for texts in (self.posted(name), self.mailed(name)))

        try:
            wait_until(arrived, "what people were to be told")
        except harness.Failed:
            pass  # what is missing is said below
        for name in RECEIVERS:
            for way, texts in (("webhook", self.posted(name)), ("mail", self.mailed(name))):
                ck_letters(f"{name} by {way}", texts, wanted.get(name, []), updates)


def without_updates(texts):
    return [text for text in texts if kind_of(text) != "update"]


def ck_letters(who, texts, wanted, updates):
    """Letters may overtake each other, so they are compared one to one in any order."""
    left = without_updates(texts)
    ck(len(texts) - len(left) <= updates, f"{who}: more than {updates} updates in {texts}")
    ck_eq(sorted(map(kind_of, left)), sorted(w.kind for w in wanted), f"{who}: {left}")
    for one in wanted:
        found = next((text for text in left if re.fullmatch(one.pattern, text)), None)
        ck(found is not None, f"{who}: no text like\n{one.pattern}\nin\n{left}")
        left.remove(found)


def certificate(stage, host):
    """(certificate, key), vouched for by itself."""
    cert, key = stage.path(host + ".crt"), stage.path(host + ".key")
    status, _, errors = stage.command(
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
        "-days", "2", "-subj", "/CN=" + host, "-addext", "subjectAltName=DNS:" + host, "-keyout",
        key, "-out", cert)
    ck_eq(status, 0, errors)
    return cert, key
