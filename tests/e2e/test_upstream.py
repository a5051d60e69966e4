# SPDX-License-Identifier: Apache-2.0
"""A real Alertmanager is asked: silences, inhibitions, ends that nobody tells, alerts that were cut."""

import http.client
import json

from harness import at, ck, ck_eq, ck_in, ck_match, free_port, limit, wait_until

ALERTMANAGER = """
route: { receiver: playbookd, group_by: [alertname], group_wait: 50ms, group_interval: 1s,
         repeat_interval: 1h }
inhibit_rules:
  - { source_matchers: [alertname=HostDown], target_matchers: [alertname=Down], equal: [host] }
receivers:
  - name: playbookd
    webhook_configs:
      - { url: 'http://127.0.0.1:%d/api/v1/alerts', send_resolved: true, max_alerts: %d }
"""

# Its run is under way all the time, so that the hold alone decides when L1 is paged.
CONFIG = """
receivers:
  - { name: on-call, webhook_configs: [{ url: 'http://127.0.0.1:9/' }] }
escalation:
  hold: %(hold)s
  levels: [{ name: L1, receivers: [on-call], respond_within: 1h }]
alertmanagers: [%(alertmanagers)s]
playbooks:
  - name: wait
    matchers: ['alertname=~".+"']
    incident: { group_by: [alertname, instance] }
    steps: [{ name: wait, wait: 10m }]
"""


class Alertmanager:
    """One that is alone. It keeps its state in a folder of its name."""

    def __init__(self, t, name, d, max_alerts=0, web=None, config=None):
        self.t, self.name, self.d = t, name, d
        self.web = web or free_port()
        self.config = t.write(name + ".yml", config or ALERTMANAGER % (d.port, max_alerts))
        self.starts = 0
        self.start()

    def start(self, state=None):
        self.starts += 1
        self.process = self.t.start(
            f"{self.name}-{self.starts}", "prometheus-alertmanager",
            "--config.file=" + self.config,
            "--storage.path=" + self.t.path(state or self.name),
            f"--web.listen-address=127.0.0.1:{self.web}",
            f"--web.external-url=http://127.0.0.1:{self.web}/", "--web.route-prefix=/",
            "--cluster.listen-address=")
        wait_until(self.ready, f"{self.name}, ready")

    def ready(self):
        try:
            return self.call("GET", "/-/ready") is not None
        except OSError:
            return False

    def call(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.web, timeout=5)
        try:
            connection.request(method, path, None if body is None else json.dumps(body),
                               {"Content-Type": "application/json"})
            response = connection.getresponse()
            text = response.read().decode()
            ck_eq(response.status, 200, f"{method} {path}: {text[:300]}")
            return text
        finally:
            connection.close()

    def fires(self, *alerts, starts=None, ends=3600):
        """Each for an hour, as far as is known."""
        self.call("POST", "/api/v2/alerts",
                  [{"labels": labels, "startsAt": starts or at(-1), "endsAt": at(ends)}
                   for labels in alerts])

    def ends(self, labels):
        self.fires(labels, ends=0)

    def silence(self, seconds, **labels):
        """Its id."""
        matchers = [{"name": name, "value": value, "isRegex": False, "isEqual": True}
                    for name, value in labels.items()]
        told = self.call("POST", "/api/v2/silences", {
            "matchers": matchers, "startsAt": at(-1), "endsAt": at(seconds), "createdBy": "alice",
            "comment": "disk is being\nreplaced"})
        return json.loads(told)["silenceID"]

    def expire(self, silence):
        self.call("DELETE", "/api/v2/silence/" + silence)

    def lists(self):
        """(instance, state) of each alert."""
        return [(x["labels"].get("instance"), x["status"]["state"])
                for x in json.loads(self.call("GET", "/api/v2/alerts"))]


def down(instance, host="h"):
    return {"alertname": "Down", "instance": instance, "host": host}


def begin(t, peers=1, hold="4s", settle="0s", max_alerts=0):
    """playbookd, and the Alertmanagers that it asks and that deliver to it."""
    webs = [free_port() for _ in range(peers)]
    listed = ", ".join(f"{{ url: 'http://127.0.0.1:{web}', ask_every: 1s, settle: {settle} }}"
                       for web in webs)
    d = t.daemon(CONFIG % {"hold": hold, "alertmanagers": listed})
    return d, [Alertmanager(t, f"am-{i + 1}", d, max_alerts, web) for i, web in enumerate(webs)]


def incidents(d, **query):
    return d.must_get("/api/v1/incidents", **query)["incidents"]


def wait_incident(d):
    return wait_until(lambda: incidents(d), "the incident")[0]["id"]


def kinds(d, incident):
    return [x["kind"] for x in d.incident(incident)["notifications"]]


def timeline(d, incident):
    entries = d.must_get(f"/api/v1/incidents/{incident}/timeline")["timeline"]
    return [(x["kind"], x["text"]) for x in entries]


def wait_held(d, incident, pattern):
    wait_until(lambda: d.incident(incident)["held"], "held")
    ck_match(pattern, d.incident(incident)["held"], "held")


def wait_looks(d, count):
    """So many answers of each from now on."""
    def answers():
        return [x["lastAnswerAt"] for x in d.must_get("/api/v1/status")["alertmanagers"]]

    for _ in range(count):
        before = answers()
        wait_until(lambda: all(a != b for a, b in zip(answers(), before)), "a look")


SILENCED = r"^silenced in Alertmanager by alice until 20..-..-..T..:..:..Z: disk is being replaced$"


def test_who_silences_an_alert_is_not_paged_and_its_end_is_found_out(t):
    d, (am,) = begin(t)
    am.fires(down("n1"))
    incident = wait_incident(d)
    am.silence(3600, alertname="Down")
    wait_held(d, incident, SILENCED)
    ck_in(("held", d.incident(incident)["held"]), timeline(d, incident), "timeline")
    metrics = d.get("/metrics").body.decode()
    ck_in("playbookd_incidents_held 1\n", metrics)
    ck_in(f'playbookd_alertmanager_up{{url="http://127.0.0.1:{am.web}"}} 1\n', metrics)
    # Another one that nobody silences: when that is paged, this one would have been.
    am.fires({"alertname": "Other", "instance": "n2"})
    other = wait_until(lambda: [x for x in incidents(d) if x["id"] != incident], "the other")[0]["id"]
    wait_until(lambda: "initial" in kinds(d, other), "the page of the other")
    ck_eq(kinds(d, incident), [], "notifications of the one that is silenced")
    # It ends; Alertmanager tells nobody.
    am.ends(down("n1"))
    wait_until(lambda: d.incident(incident)["status"] == "resolved", "the end")
    ck_eq((kinds(d, incident), d.incident(incident)["held"]), ([], None), "notifications, held")
    ck_in("Alertmanager does not list it any more", str(timeline(d, incident)), "timeline")
    ck_eq(d.incident(other)["status"], "firing", "the other")


def test_who_was_paged_hears_of_an_end_that_is_not_told(t):
    d, (am,) = begin(t, hold="0s")
    am.fires(down("n1"))
    incident = wait_incident(d)
    wait_until(lambda: "initial" in kinds(d, incident), "the page")
    am.silence(3600, alertname="Down")
    wait_held(d, incident, SILENCED)
    am.ends(down("n1"))
    wait_until(lambda: "resolved" in kinds(d, incident), "the notification that it is over")


def test_a_silence_that_expires_while_it_fires_pages(t):
    d, (am,) = begin(t, hold="3s")
    am.fires(down("n1"))
    incident = wait_incident(d)
    am.silence(3, alertname="Down")
    wait_held(d, incident, SILENCED)
    ck_eq(kinds(d, incident), [], "notifications while it is silenced")
    wait_until(lambda: d.incident(incident)["held"] is None, "held no more")
    wait_until(lambda: "initial" in kinds(d, incident), "the page")
    ck_in("lifted", [kind for kind, _ in timeline(d, incident)], "timeline")


def test_an_alert_that_another_inhibits_is_held(t):
    d, (am,) = begin(t)
    am.fires(down("n1", "h7"))
    incident = wait_incident(d)
    am.fires({"alertname": "HostDown", "host": "h7", "instance": "h7:9100"})
    wait_held(d, incident, "^inhibited in Alertmanager by HostDown on h7:9100$")


@limit(90)
def test_a_restart_with_lost_state_ends_nothing_before_it_has_settled(t):
    d, (am,) = begin(t, settle="6s", hold="1h")
    am.fires(down("n1"))
    incident = wait_incident(d)
    wait_looks(d, 1)
    am.process.stop()
    am.start(state="empty")
    wait_looks(d, 3)
    ck_eq(am.call("GET", "/api/v2/alerts").strip(), "[]", "what it lists")
    ck_eq(d.incident(incident)["status"], "firing", "before it has settled")
    wait_until(lambda: d.incident(incident)["status"] == "resolved", "when it has settled")


@limit(90)
def test_without_its_peer_one_that_had_listed_it_has_a_word_and_nobody_else(t):
    d, (first, second) = begin(t, peers=2, hold="1h")
    first.fires(down("n1"), down("n2"))
    second.fires(down("n1"))
    wait_until(lambda: len(incidents(d)) == 2, "both incidents")
    wait_looks(d, 2)
    by_node = {x["labels"]["instance"]: x["id"] for x in incidents(d)}
    first.process.stop()
    wait_until(lambda: not d.must_get("/api/v1/status")["alertmanagers"][0]["up"], "one is down")
    second.silence(3600, alertname="Down")  # so that nothing is told
    second.ends(down("n1"))
    wait_until(lambda: d.incident(by_node["n1"])["status"] == "resolved",
               "the end of what it had listed")
    wait_looks_of_second(d, 3)
    ck_eq(d.incident(by_node["n2"])["status"], "firing", "what it had never listed")
    # And when none can be asked, nothing ends.
    second.process.stop()
    wait_until(lambda: not d.must_get("/api/v1/status")["alertmanagers"][1]["up"], "both are down")
    ck(d.must_get("/api/v1/status")["alertmanagers"][1]["error"], "no error is shown")
    ck_eq(d.incident(by_node["n2"])["status"], "firing", "nobody can be asked")


def wait_looks_of_second(d, count):
    for _ in range(count):
        before = d.must_get("/api/v1/status")["alertmanagers"][1]["lastAnswerAt"]
        wait_until(lambda: d.must_get("/api/v1/status")["alertmanagers"][1]["lastAnswerAt"] != before,
                   "a look")


def test_alerts_that_were_cut_arrive(t):
    d, (am,) = begin(t, hold="1h", max_alerts=1)
    am.fires(*(down(f"n{i}") for i in range(5)))
    wait_until(lambda: len(incidents(d)) == 5, "all five incidents")
    deliveries = d.must_get("/api/v1/deliveries")["deliveries"]
    fetched = [x for x in deliveries if x["principal"] == "alertmanager"]
    ck_eq(sum(x["alerts"] for x in fetched), 4, f"alerts that were fetched: {deliveries}")
    ck_eq({x["externalURL"] for x in deliveries}, {deliveries[0]["externalURL"]}, "senders")
    ck_eq([x["attention"] for x in incidents(d)], [None] * 5, "attention")
