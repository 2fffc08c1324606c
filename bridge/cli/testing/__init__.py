"""`pinbridge test`: the cases that mappings bring, run on this machine alone.

run.py      runs them, and writes what came into their files where that is asked for
report.py   tells people and scripts what came of them
junit.py    tells CI servers
"""

from bridge.cli.testing.run import Wanted, run_tests

__all__ = ["Wanted", "run_tests"]
