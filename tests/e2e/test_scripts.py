# SPDX-License-Identifier: Apache-2.0
"""script/bootstrap, and that script/server and script/test begin with it."""

import os
import shutil

from harness import ROOT, ck, ck_eq, ck_match, read_file

BOOTSTRAP = os.path.join(ROOT, "script/bootstrap")
NOTHING_TO_DO = r"^bootstrap: everything for .* is installed; nothing to do\n$"


def program(t, name, text):
    return t.write(name, "#!/bin/sh\n" + text, 0o700)


def checkout(t, name):
    """A folder with that script, whose bootstrap fails and whose builds succeed at once."""
    os.makedirs(t.path("checkout/script"))
    shutil.copy(os.path.join(ROOT, "script", name), t.path("checkout/script"))
    program(t, "checkout/script/bootstrap", f"echo \"bootstrap $*\" >>{t.path('asked')}\n"
            "echo 'bootstrap: no' >&2\nexit 1\n")
    program(t, "checkout/script/build", f"touch {t.path('built')}\n")
    return t.path("checkout/script/" + name)


def test_script_test_installs_what_it_needs_before_all_else(t):
    status, out, err = t.command(checkout(t, "test"), "some_test")
    ck_eq((status, out), (1, ""), "status, output")
    ck_match(r"^bootstrap: no\ntest: nothing was tested: .*\n$", err, "errors")
    ck_eq(t.read("asked"), "bootstrap --test\n", "asked for")
    ck(not os.path.exists(t.path("built")), "it was built")


def test_script_server_installs_what_it_needs_before_all_else(t):
    status, out, err = t.command(checkout(t, "server"))
    ck_eq((status, out, err), (1, "", "bootstrap: no\n"), "status, output, errors")
    ck_eq(t.read("asked"), "bootstrap \n", "asked for")
    ck(not os.path.exists(t.path("built")), "it was built")


def bootstrap(t, *before):
    """From standard input, since another user may not see the checkout."""
    return t.command(*before, "sh", "-s", "--", "--test", stdin=read_file(BOOTSTRAP).encode())


def test_where_all_is_installed_bootstrap_needs_nobodys_rights(t):
    user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    status, out, err = bootstrap(t, *user)
    ck_eq((status, err), (0, ""), "status, errors")
    ck_match(NOTHING_TO_DO, out, "output")


def test_what_is_missing_is_named_in_one_line_where_nobody_can_install_it(t):
    for name in ("sh", "tr"):
        os.makedirs(t.path("bin"), exist_ok=True)
        os.symlink(shutil.which(name), t.path("bin/" + name))
    program(t, "bin/id", "echo 1000\n")
    program(t, "bin/apt-get", "exit 1\n")
    program(t, "bin/dpkg-query", "for name; do :; done\n[ \"$name\" = webhook ] || echo installed\n")
    status, out, err = bootstrap(t, "env", "PATH=" + t.path("bin"))
    ck_eq((status, out, err), (1, "", "bootstrap: needs root (or sudo) to install: webhook\n"),
          "status, output, errors")
