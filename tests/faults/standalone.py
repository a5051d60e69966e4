# SPDX-License-Identifier: Apache-2.0
"""standalone - one of these as a program: a folder of its own, kept when it failed; its figures."""

import json
import random
import shutil
import signal
import sys
import tempfile

import harness


def told_to_end(*_):
    raise harness.ToldToEnd("told to end")


def say(text):
    print(text, flush=True)


def add_seed(parser):
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))


def standalone(name, work, seed=None):
    """Print what work(test, say) returns; exit status 1 when it raises Failed."""
    folder = tempfile.mkdtemp(prefix=f"playbookd-{name}-")
    test = harness.Test(folder)
    random.seed(seed)
    say(f"folder {folder}" + (f", seed {seed}" if seed is not None else ""))
    signal.signal(signal.SIGTERM, told_to_end)
    try:
        try:
            say(json.dumps(work(test, say)))
        finally:
            test.finish()
    except harness.Failed as e:
        sys.exit(f"{name}: {e}")
    shutil.rmtree(folder, ignore_errors=True)
