"""A Pindown look-alike for the demo, for previews and for tests.

It behaves as the Update Pin page says, fails on demand, and draws its pins on a page.
Nothing it holds outlives the process.
"""

from bridge.sandbox.account import DEFAULT_KEY
from bridge.sandbox.app import DEFAULT_RATE, create_sandbox

__all__ = ["DEFAULT_KEY", "DEFAULT_RATE", "create_sandbox"]
