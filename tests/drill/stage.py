# SPDX-License-Identifier: Apache-2.0
"""stage - the small Opareta, all of it: host, containers, monitoring, people, playbookd."""

import ctypes
import os

import engine
import harness
import machine
import monitoring
import people
from harness import ck, wait_until, write_file

ENDPOINTS = {
    "nginx": (80, "/health"),
    "argus-1": (3001, "/api/health"),
    "argus-2": (3002, "/api/health"),
    "hermes-1": (3003, "/api/health"),
    "hermes-2": (3004, "/api/health"),
    "grafana": (3100, "/api/health"),
}
LOG_LINES = 40


class Stage(harness.Test):
    """What a drill happens to. Its processes end with the namespaces."""

    def __init__(self, folder, cgroup):
        super().__init__(folder)
        # Orphans are left to the first process of the namespaces, which reaps them at once.
        ctypes.CDLL(None).prctl(harness.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
        self.cgroup = cgroup
        self.daemon = None
        self.people = None
        self.took = {}  # seconds that the run of a scenario took

    def up(self):
        machine.prepare(self.folder, self.cgroup)
        engine.start()
        engine.import_images()
        engine.compose("up", "-d")
        machine.start_sshd(self.start)
        self.people = people.People(self)
        monitoring.install_playbookd()
        monitoring.start_all(self.start, self.folder)
        wait_until(self.is_well, "Opareta to be well", timeout=60, every=0.2)

    def is_well(self):
        return all(self.healthy(name) for name in ENDPOINTS) and monitoring.all_is_well()

    def healthy(self, name):
        return monitoring.ask(*ENDPOINTS[name], timeout=1)[0] == 200

    def begin(self, name, change=None):
        """For each scenario a playbookd with an empty store: as if hours lay between them, so that
        no guard remembers the one before. change: makes another configuration of the text."""
        wait_until(self.is_well, "Opareta to be well", timeout=60, every=0.2)
        text = monitoring.playbookd_yml()
        write_file("/etc/playbookd/playbookd.yml", change(text, self) if change else text)
        self.people.forget()
        storage = self.path("storage-" + name)
        os.mkdir(storage, 0o700)
        self.daemon = harness.Daemon(self.folder, None, name="playbookd-" + name, storage=storage,
                                     listen="127.0.0.1:9098",
                                     config_file="/etc/playbookd/playbookd.yml")
        self.things.append(self.daemon)
        self.daemon.wait_ready()

    def repair(self):
        """After a scenario that failed: everything anew, so that the others have something to break."""
        machine.must("cp", os.path.join(machine.HERE, "opareta/docker/env"), machine.ENV_FILE)
        if not engine.answers():
            engine.start()
        engine.compose("down", "-v")
        engine.compose("up", "-d")
        wait_until(self.is_well, "Opareta to be well again", timeout=90, every=0.2)

    def process(self, name):
        return next(thing for thing in self.things if getattr(thing, "name", "") == name)

    def end_daemon(self):
        daemon, self.daemon = self.daemon, None
        ck(daemon.stop() == 0, "playbookd did not end well")
        daemon.ck_clean()

    def show_logs(self):
        """What was said lately, and what there is; then playbookd is ended, whatever it takes."""
        for thing in (thing for thing in self.things if hasattr(thing, "log_text")):
            for line in thing.log_text().splitlines()[-LOG_LINES:]:
                print(f"# {thing.name}: {line}")
        for argv in (["docker", "ps", "-a"], ["df", "-h", "/var"]):
            _, out, err = self.command(*argv)
            print("# " + (out + err).replace("\n", "\n# "))
        print(f"# alerts: {monitoring.firing()}; people: {self.people.counts()}", flush=True)
        if self.daemon:
            self.daemon.end()
            self.daemon = None
