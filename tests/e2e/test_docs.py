# SPDX-License-Identifier: Apache-2.0
"""What the pages print is what the program prints: every shell block of README and docs/ is run.

A page is run from top to bottom, in a copy of the checkout, in one shell; a block without a language
(or json) behind a shell block is what that prints. Ports and /tmp are the test's own. A comment above
a block says what is special about it:

    <!-- not run: WHY -->        the test leaves it out
    <!-- terminal: NAME -->      it runs in a terminal of its own, until the test is over; above an
                                 output block: what that terminal shows
    <!-- daemon: stopped -->     the daemon is stopped meanwhile
"""

import glob
import os
import re
import shutil
import socket
import subprocess
import threading

from harness import (PLAYBOOKD, ROOT, ck, ck_eq, limit, read_file, wait_until)

# Pages that continue each other, each list with one daemon.
WALKS = [
    ["README.md", "docs/using-the-api.md", "docs/operating.md", "docs/runbook-3am.md",
     "docs/after-the-incident.md", "docs/audit.md", "docs/storage.md", "docs/writing-playbooks.md"],
    ["docs/approvals.md"],
    ["docs/checks.md"],
    ["docs/escalation.md"],
    ["docs/configuration.md"],
]
OUTPUT = ("", "json")
PORTS = (9098, 8099, 8097, 8096)
FENCE = re.compile(r"^(?:<!-- ([a-z ]+): ([^\n]*) -->\n)?```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# What is another one each time: a pattern, and what stands for it.
VARIES = [
    (r"\d\d:\d\d:\d\d up .*?load average: [\d., ]+", "UPTIME"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?(Z| UTC)", "TIME"),
    (r"\d\d:\d\d:\d\d UTC", "TIME"),
    (r"\b(\d+(ms|[dhms]))+ ago", "AGE ago"),
    (r"\b[0-9a-f]{64}\b", "HASH"),
    (r"\t\d+\\n", r"\tPID\\n"),
]
LAST = "the end of this block"


class Block:
    def __init__(self, page, text, match):
        mark, said, self.language, self.text = match.groups()
        self.mark, self.said = mark or "", said or ""
        self.place = f"{page}:{text.count(chr(10), 0, match.start(3)) + 1}"
        self.output = None
        self.shows = []  # (terminal, what it shows)


def blocks(page):
    """The fenced blocks of a page, each shell block with what it prints and what terminals show."""
    text = read_file(os.path.join(ROOT, page))
    ck(text, f"there is no page {page}")
    found = []
    for match in FENCE.finditer(text):
        block = Block(page, text, match)
        if block.language not in OUTPUT:
            found.append(block)
        elif block.mark == "terminal":
            found[-1].shows.append((block.said, block.text))
        elif block.mark != "not run" and found:  # before the first shell block it is a drawing
            ck(found[-1].output is None, f"{block.place}: no block would print this")
            found[-1].output = block.text
    return found


def section(page, heading):
    text = read_file(os.path.join(ROOT, page))
    return text.partition(f"\n## {heading}\n")[2].split("\n## ")[0]


def comparable(text):
    for pattern, name in VARIES:
        text = re.sub(pattern, name, text)
    return text.rstrip()


def ck_prints(place, got, want):
    """Compare what varies by its shape only; … stands for anything, line breaks included."""
    pattern = ".*".join(re.escape(part.strip("\n")) for part in comparable(want).split("…"))
    ck(re.fullmatch(pattern, comparable(got), re.DOTALL),
       f"{place}: the page says\n{want}\nand it printed\n{got}")


def listens(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


class Terminal:
    """A shell that is given a block after the other."""

    def __init__(self, folder):
        self.popen = subprocess.Popen(["bash"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, cwd=folder, text=True, bufsize=1,
                                      env={**os.environ, "HOME": folder})
        self.shown = ""
        self.more = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.popen.stdout:
            with self.more:
                self.shown += line
                self.more.notify_all()

    def type(self, text):
        self.popen.stdin.write(text)
        self.popen.stdin.flush()

    def run(self, text, timeout=40):
        """What text prints, once it is over."""
        self.type(f"{text}\necho; echo '{LAST}'\n")
        with self.more:
            over = self.more.wait_for(lambda: LAST in self.shown, timeout)
            shown, _, self.shown = self.shown.partition(f"\n{LAST}\n")
        ck(over, f"not over after {timeout} s:\n{text}\nIt has printed\n{shown}")
        return shown

    def end(self):
        self.popen.stdin.close()
        self.popen.kill()
        self.popen.wait()


class Walk:
    """A reader with a checkout, a running daemon, and terminals."""

    def __init__(self, t):
        self.t = t
        self.folder = t.path("checkout")
        # Below those that the kernel gives to connections, and of no other test at the same time.
        first = 10000 + os.getpid() % 5000 * len(PORTS)
        self.ports = {port: first + i for i, port in enumerate(PORTS)}
        shutil.copytree(os.path.join(ROOT, "config"), os.path.join(self.folder, "config"))
        for path in glob.glob(os.path.join(self.folder, "config/**"), recursive=True):
            os.chmod(path, 0o755 if os.path.isdir(path) else 0o644)
        os.makedirs(os.path.join(self.folder, "build"))
        os.makedirs(t.path("tmp"))
        os.symlink(PLAYBOOKD, os.path.join(self.folder, "build/playbookd"))
        self.daemon = None
        self.start()
        self.terminal = self.open()
        self.others = {}

    def start(self):
        self.daemon = self.t.daemon_raw(
            None, config_file="checkout/config/playbookd.yml", storage="checkout/data",
            listen=f"127.0.0.1:{self.ports[9098]}").wait_ready()

    def open(self):
        self.t.things.append(Terminal(self.folder))
        return self.t.things[-1]

    def own(self, text):
        """The page's ports and /tmp become the test's."""
        for port, own in self.ports.items():
            text = re.sub(rf"\b{port}\b", str(own), text)
        return text.replace("/tmp/", self.t.path("tmp") + "/")

    def pages(self, text):
        """And back."""
        for port, own in self.ports.items():
            text = re.sub(rf"\b{own}\b", str(port), text)
        return text.replace(self.t.path("tmp") + "/", "/tmp/")

    def shell(self, block):
        if block.mark == "not run":
            return
        ck("/etc/" not in block.text, f"{block.place}: this would change the machine")
        if block.mark == "terminal":
            self.others[block.said] = self.open()
            self.others[block.said].type(self.own(block.text))
            for port in (own for port, own in self.ports.items() if str(port) in block.text):
                wait_until(lambda port=port: listens(port), f"{block.place}: port {port} is served")
            return
        if block.mark == "daemon":
            self.daemon.stop()
        printed = self.terminal.run(self.own(block.text))
        if block.mark == "daemon":
            self.start()
        if block.output is not None:
            ck_prints(block.place, self.pages(printed), block.output)
        for name, shows in block.shows:
            self.see(block.place, self.others[name], shows)

    def see(self, place, terminal, want):
        last = want.rpartition("…")[2].strip()
        wait_until(lambda: last in terminal.shown, f"{place}: {last}")
        ck_prints(place, self.pages(terminal.shown), want)

    def page(self, page):
        for block in blocks(page):
            if block.language == "sh":
                self.shell(block)


def walk(t, pages):
    reader = Walk(t)
    for page in pages:
        reader.page(page)


@limit(120)
def test_the_readme_and_the_pages_that_continue_it_print_what_they_say(t):
    walk(t, WALKS[0])


def test_the_page_of_approvals_prints_what_it_says(t):
    walk(t, WALKS[1])


def test_the_page_of_checks_prints_what_it_says(t):
    walk(t, WALKS[2])


def test_the_page_of_escalation_prints_what_it_says(t):
    walk(t, WALKS[3])


def test_the_page_of_the_configuration_prints_what_it_says(t):
    walk(t, WALKS[4])


def test_every_page_with_a_shell_block_is_run(t):
    walked = {page for pages in WALKS for page in pages}
    pages = glob.glob("README.md", root_dir=ROOT) + glob.glob("docs/**/*.md", root_dir=ROOT, recursive=True)
    shells = {page for page in pages
              if any(block.language == "sh" and block.mark != "not run" for block in blocks(page))}
    ck_eq(sorted(shells - walked), [], "pages that no walk has")


def test_the_readme_has_at_most_250_lines(t):
    lines = len(read_file(os.path.join(ROOT, "README.md")).splitlines())
    ck(lines <= 250, f"README.md has {lines} lines")


def test_the_flags_of_the_page_are_those_of_help(t):
    status, out, err = t.command(PLAYBOOKD, "--help")
    ck_eq((status, err), (0, ""), "status, errors")
    ck(f"```\n{out}```" in section("docs/operating.md", "Flags"), f"docs/operating.md does not have:\n{out}")


def test_the_example_with_nearly_everything_is_right(t):
    page = "docs/configuration.md"
    config, verdict = re.findall(r"^```\w*\n(.*?)^```$",
                                 section(page, "An example with nearly everything"), re.M | re.S)
    path = t.write("playbookd.yml", config)
    status, out, err = t.command(PLAYBOOKD, "check-config", path)
    ck_eq((status, out.replace(path, "playbookd.yml"), err), (0, verdict, ""), "status, output, errors")


def test_alertmanager_takes_the_route_of_the_readme(t):
    route = section("README.md", "Connect Alertmanager").partition("```yaml\n")[2].partition("```")[0]
    path = t.write("alertmanager.yml", route.replace("route:\n", "route:\n  receiver: playbookd\n"))
    status, out, err = t.command("amtool", "check-config", path)
    ck_eq(status, 0, f"status of amtool, which says {out}{err}")


def test_what_stays_in_the_foreground_stands_last_in_its_block(t):
    """A block is pasted whole, and the rest of it would wait for the end of the server."""
    seen = 0
    for page in [os.path.join(ROOT, "README.md"), *glob.glob(os.path.join(ROOT, "docs/**/*.md"), recursive=True)]:
        for match in FENCE.finditer(read_file(page)):
            lines = [line for line in match[4].splitlines() if line and not line.startswith("#")]
            if match[3] != "sh" or not lines:
                continue
            seen += lines[-1].startswith("script/server")
            ck(not any(line.startswith("script/server") for line in lines[:-1]), f"{page}:\n{match[4]}")
    ck(seen > 0, "no block starts the server")
