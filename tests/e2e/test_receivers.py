# SPDX-License-Identifier: Apache-2.0
"""People are told: webhooks and mails through real servers, and nobody who cannot be told holds up
anything."""

import email
import email.policy
import http.server
import json
import os
import socket
import ssl
import threading

from harness import (HERE, PLAYBOOKD, alert, ck, ck_eq, ck_in, ck_match, delivery, limit, wait_until,
                     write_file)

PYTHON = "/usr/bin/python3"  # the one that has Debian's aiosmtpd

CONFIG = """
receivers:
%s
playbooks:
  - name: p
    matchers: ['alertname="Down"']
    params: { service: { from: labels.service, pattern: "[a-z]+", default: none } }
    guards: {}
    steps:
%s
      - { name: make, script: "echo x >> %s" }
"""


def config(t, receivers, *told):
    """A playbook that tells each of told, then does its work."""
    steps = "".join(f"      - {{ name: tell {name}, notify: {name}, "
                    f'text: "service ${{service}} & co\\nsecond line" }}\n' for name in told)
    return CONFIG % (receivers, steps, t.path("effects"))


class Catcher(http.server.ThreadingHTTPServer):
    """Takes what is posted; answers with the next of statuses (the last one for ever)."""

    daemon_threads = True

    def __init__(self, *statuses, cert=None):
        self.statuses, self.posts, self.more = list(statuses or [200]), [], threading.Condition()
        super().__init__(("127.0.0.1", 0), CatcherHandler)
        self.port = self.server_address[1]
        scheme = "http"
        if cert:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*cert)
            self.socket = context.wrap_socket(self.socket, server_side=True,
                                              do_handshake_on_connect=False)
            scheme = "https"
        self.url = f"{scheme}://127.0.0.1:{self.port}/hook/s3cret"
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def wait_posts(self, count, timeout=20):
        with self.more:
            ck(self.more.wait_for(lambda: len(self.posts) >= count, timeout),
               f"{len(self.posts)} posts, expected {count}")
            return self.posts

    def end(self):
        self.shutdown()
        self.server_close()


class CatcherHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.more:
            statuses = self.server.statuses
            status = statuses.pop(0) if len(statuses) > 1 else statuses[0]
            self.server.posts.append((self.path, dict(self.headers), json.loads(body)))
            self.server.more.notify_all()
        self.send_response(status)
        self.send_header("Content-Length", "0")
        if status == 302:
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.end_headers()

    def log_message(self, *args):
        pass


def catcher(t, *statuses, **more):
    t.things.append(Catcher(*statuses, **more))
    return t.things[-1]


class Hole:
    """Accepts connections and never says a word."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.socket.getsockname()[1]

    def end(self):
        self.socket.close()


def hole(t):
    t.things.append(Hole())
    return t.things[-1]


def certificate(t):
    """(certificate, key) of 127.0.0.1, vouched for by nobody but itself."""
    cert, key = t.path("cert.pem"), t.path("key.pem")
    status, _, errors = t.command(
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
        "-days", "2", "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key,
        "-out", cert)
    ck_eq(status, 0, errors)
    os.chmod(cert, 0o600)
    return cert, key


def smtp(t, *flags, name="smtp"):
    """(process, port) of a real SMTP server."""
    server = t.start(name, PYTHON, os.path.join(HERE, "smtp_server.py"), *flags)
    return server, int(server.wait_log(r"listening (\d+)").group(1))


def mail_of(server):
    """The envelope of the first mail, and the message in it."""
    envelope = json.loads(server.wait_log(r"^(\{.*\})$").group(1))
    raw = envelope["content"].encode("latin-1")
    return envelope, email.message_from_bytes(raw, policy=email.policy.default)


def notices(d, incident_id=1):
    return d.incident(incident_id)["notifications"]


def wait_notices(d, predicate, what, incident_id=1, timeout=20):
    def look():
        rows = notices(d, incident_id)
        return rows if predicate(rows) else None

    return wait_until(look, what, timeout)


def all_sent(rows):
    return rows and all(row["status"] == "sent" for row in rows)


def fire(d, **labels):
    """The incident's id."""
    data = d.must_post(delivery(alert("Down", **labels)))
    return data["decisions"][0]["incidentId"]


def test_a_webhook_is_told_what_a_step_says(t):
    web = catcher(t)
    d = t.daemon(config(t, f"""
  - name: on-call
    webhook_configs: [ {{ url: "{web.url}" }} ]
""", "on-call"))
    run = d.must_run(delivery(alert("Down", service="argus")))
    ck_eq(run["status"], "succeeded", "run")
    ck_eq([s["kind"] for s in run["steps"]], ["notify", "script"], "kinds")
    path, headers, body = web.wait_posts(1)[0]
    ck_eq(path, "/hook/s3cret", "path")
    ck_eq(headers["Content-Type"], "application/json", "type")
    ck_eq(body["version"], "1", "version")
    ck_eq((body["id"], body["kind"], body["key"], body["receiver"]),
          (1, "step", "step/1/0", "on-call"), "body")
    ck_eq(body["subject"], "p: tell on-call", "subject")
    ck_eq(body["text"], "service argus & co\nsecond line", "text")
    ck_eq((body["incident"]["id"], body["incident"]["labels"]["service"]), (1, "argus"), "incident")
    rows = wait_notices(d, all_sent, "it is sent")
    ck_eq((rows[0]["attempts"], rows[0]["reason"], rows[0]["nextAttemptAt"]), (1, "", None), "row")
    ck(rows[0]["sentAt"], "sentAt")
    ck_eq(rows[0]["endpoint"], f"webhook http://127.0.0.1:{web.port}/…", "endpoint")
    metrics = d.get("/metrics").body.decode()
    ck_in('playbookd_notifications_total{receiver="on-call",status="sent"} 1', metrics, "metrics")
    ck_in("playbookd_notifications_pending 0", metrics, "metrics")


def test_slack_is_told_in_its_own_way(t):
    web = catcher(t)
    d = t.daemon(config(t, f"""
  - name: slack
    webhook_configs: [ {{ url: "{web.url}", payload: slack }} ]
""", "slack"))
    fire(d, service="argus")
    ck_eq(web.wait_posts(1)[0][2],
          {"text": "*p: tell slack*\nservice argus &amp; co\nsecond line"}, "body")


def test_secrets_come_from_files_and_show_nowhere(t):
    cert, key = certificate(t)
    web = catcher(t, cert=(cert, key))
    write_file(t.path("hook.url"), web.url + "\n")
    write_file(t.path("token"), "t0psecret\n")
    write_file(t.path("password"), "pa55word\n")
    d = t.daemon(config(t, f"""
  - name: on-call
    webhook_configs:
      - url_file: hook.url
        http_config:
          authorization: {{ credentials_file: token }}
          tls_config: {{ ca_file: cert.pem }}
      - url_file: {t.path("hook.url")}
        http_config:
          basic_auth: {{ username: eve, password_file: password }}
          tls_config: {{ ca_file: cert.pem }}
""", "on-call"))
    fire(d)
    posts = web.wait_posts(2)
    ck_eq(sorted(p[1]["Authorization"] for p in posts),
          ["Basic ZXZlOnBhNTV3b3Jk", "Bearer t0psecret"], "authorization")
    wait_notices(d, all_sent, "both are sent")
    told = d.get("/api/v1/incidents/1").body + d.get("/api/v1/status").body + d.get("/metrics").body
    with open(os.path.join(d.storage, "playbookd.db"), "rb") as f:
        told += f.read()
    with open(os.path.join(d.storage, "playbookd.db-wal"), "rb") as f:
        told += f.read()
    told += d.log_text().encode()
    pids = d.roles()
    for role in ("core", "front"):
        with open(f"/proc/{pids[role]}/environ", "rb") as f:
            told += f.read()
        with open(f"/proc/{pids[role]}/cmdline", "rb") as f:
            told += f.read()
    for secret in (b"s3cret", b"t0psecret", b"pa55word"):
        ck(secret not in told, f"{secret} shows")


def test_a_reload_reads_the_secrets_again(t):
    first, second = catcher(t), catcher(t)
    write_file(t.path("hook.url"), first.url)
    d = t.daemon(config(t, """
  - name: on-call
    webhook_configs: [ { url_file: hook.url } ]
""", "on-call"))
    fire(d, service="a")
    first.wait_posts(1)
    os.chmod(t.path("hook.url"), 0o644)
    answer = d.request("POST", "/-/reload", operator=True)
    ck_match("hook.url' is a secret that others can read", answer.body.decode(), "reload")
    write_file(t.path("hook.url"), second.url)
    d.must_operate("/-/reload")
    fire(d, service="b")
    second.wait_posts(1)
    ck_eq(len(first.posts), 1, "posts to the old one")


def test_a_mail_goes_through_starttls_and_a_login(t):
    cert, key = certificate(t)
    server, port = smtp(t, "--cert", cert, "--key", key, "--auth", "eve:pa55word")
    write_file(t.path("password"), "pa55word\n")
    d = t.daemon(config(t, f"""
  - name: on-call
    email_configs:
      - to: "a@example.org, b@example.org"
        from: playbookd@example.org
        smarthost: "127.0.0.1:{port}"
        auth_username: eve
        auth_password_file: password
        hello: playbookd.test
        tls_config: {{ ca_file: cert.pem }}
""", "on-call").replace("second line", "zweite Zeile: äöü\\n.\\n..dots").replace(
        "tell on-call", "sag's Jürgen"))
    fire(d, service="argus")
    envelope, message = mail_of(server)
    ck_eq(envelope["tls"], True, "tls")
    ck_eq(envelope["user"], "eve", "login")
    ck_eq(envelope["hello"], "playbookd.test", "hello")
    ck_eq(envelope["from"], "playbookd@example.org", "from")
    ck_eq(envelope["to"], ["a@example.org", "b@example.org"], "to")
    ck_eq(message["Subject"], "p: sag's Jürgen", "subject")
    ck_eq(message["To"], "a@example.org, b@example.org", "To")
    ck_eq(message.defects, [], "defects")
    ck_match(r"^<1\.\d+\.playbookd@example\.org>$", message["Message-ID"], "Message-ID")
    ck_eq(message["References"], "<incident.1.playbookd@example.org>", "thread")
    ck(message["Date"].datetime.tzinfo, "Date")
    ck_eq(message.get_content().replace("\r\n", "\n"),
          "service argus & co\nzweite Zeile: äöü\n.\n..dots\n", "text")
    raw = envelope["content"]
    ck_eq(raw.count("\n"), raw.count("\r\n"), "bare line feeds")
    wait_notices(d, all_sent, "it is sent")


def test_a_mail_without_tls_is_for_this_machine_only(t):
    server, port = smtp(t)
    d = t.daemon(config(t, f"""
  - name: local
    email_configs:
      - {{ to: a@example.org, from: p@example.org, smarthost: "localhost:{port}", require_tls: false }}
  - name: strict
    email_configs:
      - {{ to: a@example.org, from: p@example.org, smarthost: "localhost:{port}" }}
""", "local", "strict"))
    fire(d)
    envelope, _ = mail_of(server)
    ck_eq(envelope["tls"], False, "tls")
    rows = wait_notices(d, lambda rows: len(rows) == 2 and rows[0]["status"] == "sent" and
                        rows[1]["reason"], "one is sent, the other is not")
    ck_eq(rows[1]["status"], "pending", "status")
    ck_match("TLS|SSL", rows[1]["reason"], "reason")


def test_what_a_receiver_answers_decides_whether_it_is_told_again(t):
    later = catcher(t, 503, 429, 200)
    never = catcher(t, 404)
    moved = catcher(t, 302)
    server, port = smtp(t, "--mode", "refuse")
    d = t.daemon(config(t, f"""
  - name: later
    webhook_configs: [ {{ url: "{later.url}" }} ]
  - name: never
    webhook_configs: [ {{ url: "{never.url}" }}, {{ url: "{moved.url}" }} ]
    email_configs:
      - {{ to: a@example.org, from: p@example.org, smarthost: "localhost:{port}", require_tls: false }}
""", "later", "never"))
    fire(d)
    rows = wait_notices(d, lambda rows: rows and all(r["status"] != "pending" for r in rows),
                        "all are over")
    got = {r["endpoint"].split(":")[-1] if "webhook" in r["endpoint"] else "mail":
           (r["status"], r["attempts"], r["reason"]) for r in rows}
    ck_eq(got, {
        f"{later.port}/…": ("sent", 3, ""),
        f"{never.port}/…": ("failed", 1, "status 404"),
        f"{moved.port}/…": ("failed", 1, "status 302"),
        "mail": ("failed", 1, f"localhost:{port}: RCPT: 550"),
    }, "how they went")
    posts = later.wait_posts(3)
    ck_eq([p[2]["id"] for p in posts], [posts[0][2]["id"]] * 3, "the same id each time")
    ck_in('playbookd_notifications_total{receiver="never",status="failed"} 3',
          d.get("/metrics").body.decode(), "metrics")


def bad_endpoints(t, timeout):
    """One receiver for each way in which an endpoint can be dead; the YAML, and their names."""
    cert, key = certificate(t)
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        refused = s.getsockname()[1]
    smtp_hangs = smtp(t, "--mode", "hang", name="smtp-hangs")[1]
    urls = {
        "refused": f"http://127.0.0.1:{refused}/",
        "hanging": f"http://127.0.0.1:{hole(t).port}/",
        "broken": catcher(t, 500).url,
        "untrusted": catcher(t, cert=(cert, key)).url,
        "no-tls": f"https://127.0.0.1:{hole(t).port}/",
    }
    yaml = "".join(f"""
  - name: {name}
    webhook_configs: [ {{ url: "{url}", timeout: {timeout} }} ]""" for name, url in urls.items())
    mails = {"mail-hangs": smtp_hangs, "mail-silent": hole(t).port, "mail-refused": refused}
    yaml += "".join(f"""
  - name: {name}
    email_configs:
      - {{ to: a@b.c, from: a@b.c, smarthost: "127.0.0.1:{port}", require_tls: false,
           timeout: {timeout} }}""" for name, port in mails.items())
    return yaml, [*urls, *mails]


@limit(120)
def test_dead_endpoints_hold_up_neither_runs_nor_each_other(t):
    """Order, not time: all runs are over while the hanging ones still hang (for 90 s)."""
    good = catcher(t)
    yaml, names = bad_endpoints(t, "90s")
    d = t.daemon(config(t, yaml + f"""
  - name: good
    webhook_configs: [ {{ url: "{good.url}" }} ]
""", *names, "good"))
    for i in range(10):
        run = d.must_run(delivery(alert("Down", instance=str(i))))
        ck_eq(run["status"], "succeeded", "run")
    good.wait_posts(10)
    ck_eq(t.read("effects"), "x\n" * 10, "effects")
    states = {r["receiver"]: r for r in wait_notices(
        d, lambda rows: sum(bool(r["reason"]) for r in rows) >= 4 and
        any(r["status"] == "sent" for r in rows), "some have failed once")}
    for name in ("refused", "broken", "untrusted", "mail-refused"):
        ck_eq(states[name]["status"], "pending", name)
    ck_match("Connection refused", states["refused"]["reason"], "refused")
    ck_eq(states["broken"]["reason"], "status 500", "broken")
    ck_match("certificate", states["untrusted"]["reason"], "untrusted")
    for name in ("hanging", "no-tls", "mail-hangs", "mail-silent"):
        ck_eq((states[name]["status"], states[name]["reason"], states[name]["attempts"]),
              ("pending", "", 1), name)
    ck_eq(states["good"]["status"], "sent", "good")


def test_checks_go_on_while_a_mail_server_hangs(t):
    """Egress speaks to all of them, and waits for none."""
    server, port = smtp(t, "--mode", "hang")
    web = t.web()
    d = t.daemon(f"""
receivers:
  - name: on-call
    email_configs:
      - {{ to: a@b.c, from: a@b.c, smarthost: "127.0.0.1:{port}", require_tls: false }}
checks:
  - {{ name: up, http: {{ url: "{web.url}" }}, timeout: 5s }}
playbooks:
  - name: p
    matchers: ['alertname="Down"']
    steps: [ {{ name: tell, notify: on-call, text: x }} ]
    verify: [ {{ check: up }} ]
  - name: q
    matchers: ['alertname="Other"']
    steps: [ {{ name: nothing, wait: 10ms }} ]
    verify: [ {{ check: up }} ]
""")
    ck_eq(d.must_run(delivery(alert("Down")))["status"], "succeeded", "run")
    server.wait_log("hanging")
    ck_eq(d.must_run(delivery(alert("Other")))["status"], "succeeded", "run")
    ck_eq(notices(d)[0]["status"], "pending", "the mail")


def test_what_was_not_sent_is_sent_after_a_restart(t):
    write_file(t.path("hook.url"), "http://127.0.0.1:1/")
    text = config(t, """
  - name: on-call
    webhook_configs: [ { url_file: hook.url, timeout: 1s } ]
""", "on-call")
    d = t.daemon(text)
    fire(d)
    wait_notices(d, lambda rows: rows and rows[0]["reason"], "it failed once")
    ck_eq(d.stop(), 0, "exit status")
    web = catcher(t)
    write_file(t.path("hook.url"), web.url)
    d = t.daemon(text, name="second")
    web.wait_posts(1)
    wait_notices(d, all_sent, "it is sent")


def test_a_killed_egress_or_core_loses_no_notice(t):
    web = catcher(t, 500, 500, 200)
    d = t.daemon(config(t, f"""
  - name: on-call
    webhook_configs: [ {{ url: "{web.url}", timeout: 5s }} ]
""", "on-call"))
    fire(d)
    web.wait_posts(1)
    os.kill(d.roles()["egress"], 9)
    web.wait_posts(2)
    os.kill(d.roles()["core"], 9)
    web.wait_posts(3, timeout=40)  # it gives the one on its way 10 s, and forgets that it failed
    d.roles()
    rows = wait_notices(d, all_sent, "it is sent")
    ck_eq(len(rows), 1, "rows")
    ck_eq({p[2]["id"] for p in web.posts}, {rows[0]["id"]}, "ids")


def test_an_endpoint_that_leaves_the_configuration_has_failed(t):
    text = config(t, """
  - name: on-call
    webhook_configs: [ { url: "http://127.0.0.1:1/a" } ]
""", "on-call")
    d = t.daemon(text)
    fire(d)
    wait_notices(d, lambda rows: rows and rows[0]["reason"], "it failed once")
    d.write_config(text.replace("127.0.0.1:1/", "127.0.0.1:2/"))
    d.must_operate("/-/reload")
    rows = wait_notices(d, lambda rows: rows[0]["status"] == "failed", "it has failed")
    ck_match("not in the configuration any more", rows[0]["reason"], "reason")


def test_test_receiver_tells_every_endpoint_without_a_daemon(t):
    good, bad = catcher(t), catcher(t, 404)
    server, port = smtp(t)
    text = f"""
receivers:
  - name: on-call
    webhook_configs: [ {{ url: "{good.url}", payload: slack }} ]
    email_configs:
      - {{ to: a@example.org, from: p@example.org, smarthost: "localhost:{port}", require_tls: false }}
  - name: half
    webhook_configs: [ {{ url: "{good.url}" }}, {{ url: "{bad.url}" }} ]
"""
    path = t.write("playbookd.yml", text)

    def told(name):
        status, output, errors = t.command(PLAYBOOKD, "--config.file=" + path, "test-receiver", name)
        return status, sorted(output.splitlines()), errors

    ck_eq(told("on-call"), (0, ["email a@example.org: sent",
                                f"webhook http://127.0.0.1:{good.port}/…: sent"], ""), "on-call")
    ck_match("This is a test of the receiver 'on-call'", good.posts[0][2]["text"], "text")
    ck_eq(mail_of(server)[1]["Subject"], "playbookd: test notification", "subject")
    ck_eq(told("half"), (1, sorted([
        f"webhook http://127.0.0.1:{good.port}/…: sent",
        f"webhook http://127.0.0.1:{bad.port}/…: failed: status 404"]), ""), "half")
    ck_eq(good.posts[1][2]["kind"], "test", "kind")
    ck_eq(told("nobody"), (1, [], f"{path}: there is no receiver 'nobody'\n"), "nobody")
