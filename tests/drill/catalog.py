# SPDX-License-Identifier: Apache-2.0
"""catalog - all scenarios, in the order in which they are drilled."""

import outages  # noqa: F401  (it adds its own, behind those of scenarios, which it imports)
from result import ALL, choose  # noqa: F401
