# SPDX-License-Identifier: Apache-2.0
"""Many short steps, a few hundred of what tests/faults/many-steps does."""

import os
import sys

from harness import limit

sys.path.insert(1, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "faults"))

import many_steps  # noqa: E402


@limit(120)
def test_nothing_of_400_steps_is_left_behind(t):
    print("#", many_steps.many_steps(t, 400))
